/**
 * Reads a JSON body within bounds of size and depth, whatever the client sends or claims.
 */
import { ApiError, invalidRequest } from "../errors/api-error.ts";

/** Bytes of a request, as the Messages API documents it: 32 MB. */
export const DEFAULT_MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Levels of objects and arrays; what walks a body later does so by recursion. */
export const MAX_BODY_DEPTH = 500;

/** A body, read. */
export interface JsonBody {
  readonly value: unknown;
  /** As it was sent. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads a body. @throws {ApiError} `request_too_large`, or `invalid_request_error` when it is not JSON */
export async function readJsonBody(request: Request, maxBytes: number): Promise<JsonBody> {
  const bytes = await readBytes(request, maxBytes);
  if (bytes.length === 0) throw invalidRequest("The request body is empty; want a JSON object");
  checkDepth(bytes);
  return { value: parse(bytes), bytes };
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes);
  if (length !== null) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError("request_too_large", `Request exceeds the maximum size of ${maxBytes} bytes`);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Counts brackets outside of strings, byte by byte: UTF-8 never has an ASCII byte inside another character. */
function checkDepth(bytes: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) inString = !inString;
    else if (inString) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > MAX_BODY_DEPTH) {
        throw invalidRequest(`The request body is nested deeper than ${MAX_BODY_DEPTH} levels`);
      }
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (error) {
    throw invalidRequest(`The request body is not valid JSON: ${(error as Error).message}`);
  }
}
