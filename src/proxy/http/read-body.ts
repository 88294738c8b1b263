/**
 * Reads a JSON body within bounds of size, depth and memory, in shares of a turn, whatever the client sends or claims.
 */
import type { Readable } from "node:stream";
import { ToolscriptError } from "../../errors.ts";
import { ByteCollector } from "../../http/byte-collector.ts";
import type { JsonBounds } from "../../json/cut-json.ts";
import { readJson } from "../../json/read-json.ts";
import { TurnShare } from "../../turn-share.ts";
import { ApiError, invalidRequest } from "../errors/api-error.ts";

/** Bytes of a request, as the Messages API documents it: 32 MB. */
export const DEFAULT_MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Levels of objects and arrays; what walks a body later does so by recursion. */
export const MAX_BODY_DEPTH = 500;
/** Objects, arrays, members and items of a body. */
export const MAX_BODY_PARTS = 1_000_000;
/** Members of one object of a body: more than the input of a script's call can have. */
export const MAX_BODY_MEMBERS = 125_000;
/** What a body may take in memory, as bytes and as a value together, as a multiple of the largest body. */
const MEMORY_FACTOR = 3;
/** Share of that memory that is kept for what is made of the value: ids of its blocks, messages for the model. */
const RESERVED_SHARE = 1 / 6;
/** Memory that any body may take, where only tiny ones are taken. */
const MIN_BODY_MEMORY = 1024 * 1024;

/** A body, read. */
export interface JsonBody {
  readonly value: unknown;
  /** As it was sent. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Options of {@link readJsonBody}. */
export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** Where the body comes from, when it comes from a socket: its pieces need no detour then. */
  readonly incoming?: Readable | undefined;
  readonly share?: TurnShare;
  /** Hears of bytes that have come, and may refuse them. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Reads a body.
 *
 * @throws {ApiError} `request_too_large`, or `invalid_request_error` when it is not JSON
 * @throws {ToolscriptError} `aborted` when the client left before its end
 */
export async function readJsonBody(request: Request, options: ReadBodyOptions): Promise<JsonBody> {
  const { maxBytes, share = new TurnShare() } = options;
  const bytes = await collect(request, options);
  if (bytes.length === 0) throw invalidRequest("The request body is empty; want a JSON object");
  try {
    return { value: await readJson(bytes, toBounds(bytes.length, maxBytes), share), bytes };
  } catch (error) {
    throw toBodyError(error);
  }
}

/** A part takes far more memory as a value than as text: a small body may have many, a large one few. */
function toBounds(bytes: number, maxBytes: number): JsonBounds {
  const memory = Math.max(MIN_BODY_MEMORY, MEMORY_FACTOR * maxBytes);
  return {
    maxDepth: MAX_BODY_DEPTH,
    maxParts: MAX_BODY_PARTS,
    maxMembers: MAX_BODY_MEMBERS,
    maxValueBytes: Math.floor(memory * (1 - RESERVED_SHARE)) - bytes,
  };
}

function toBodyError(error: unknown): unknown {
  if (!(error instanceof ToolscriptError)) return error;
  const reason = error.message.replace(/^Reading JSON failed: /, "");
  if (error.code === "invalid-argument") {
    return invalidRequest(`The request body is not valid JSON: ${reason}`);
  }
  if (error.code !== "work-limit") return error;
  if (error.data["bound"] === "depth") {
    return invalidRequest(`The request body is nested deeper than ${MAX_BODY_DEPTH} levels`);
  }
  return new ApiError("request_too_large", `The request body holds too much: ${reason}`);
}

async function collect(request: Request, options: ReadBodyOptions): Promise<Buffer<ArrayBuffer>> {
  const { maxBytes, incoming, onBytes } = options;
  const claimed = request.headers.get("content-length");
  if (claimed !== null && Number(claimed) > maxBytes) throw tooLarge(maxBytes);
  // At a socket the claim has been checked: no other number of bytes comes.
  const isKnown = claimed !== null && incoming !== undefined;
  const collected = new ByteCollector(isKnown ? Number(claimed) : maxBytes);
  const take = (piece: Uint8Array): void => {
    if (collected.length + piece.length > maxBytes) throw tooLarge(maxBytes);
    onBytes?.(piece.length);
    collected.add(piece);
  };
  try {
    if (incoming !== undefined) await takeAll(incoming, take);
    else for await (const piece of toPieces(request)) take(piece);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw new ToolscriptError("aborted", "Reading the request failed: the client left", { cause });
  }
  return collected.finish();
}

/**
 * All pieces as they come, without a promise for each. A refusal leaves the connection be; nothing of the body hangs on it
 * when this is done.
 */
function takeAll(incoming: Readable, take: (piece: Uint8Array) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const finish = (error?: Error): void => {
    incoming.off("data", onData).off("end", finish).off("error", finish).off("close", onClose);
    if (error === undefined) resolve();
    else reject(error);
  };
  const onClose = (): void => finish(new Error("The connection was closed"));
  const onData = (piece: Uint8Array): void => {
    try {
      take(piece);
    } catch (error) {
      incoming.pause();
      finish(error as ApiError);
    }
  };
  if (incoming.destroyed) onClose();
  else incoming.on("data", onData).on("end", finish).on("error", finish).on("close", onClose);
  return promise;
}

function toPieces({ body }: Request): AsyncIterable<Uint8Array> | readonly Uint8Array[] {
  return (body as AsyncIterable<Uint8Array> | null) ?? [];
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError("request_too_large", `Request exceeds the maximum size of ${maxBytes} bytes`);
}
