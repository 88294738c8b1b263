/**
 * Reads what follows the head of a request, up to a length.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { forbidden, malformed } from "./refusal.ts";

/** A create request: mostly the runner's program text. */
const MAX_CREATE_BYTES = 256 * 1024;
/** Everything else: a client may repeat the query there. */
const MAX_OTHER_BYTES = 4 * 1024;

/** The body of a create request. @throws {Refusal} 400 when it is too long or no UTF-8 */
export async function readCreateBody(request: IncomingMessage): Promise<string> {
  const bytes = await readBytes(request, MAX_CREATE_BYTES);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("the body is not UTF-8");
  }
}

/**
 * Reads and drops a body that says nothing; it is never sent on.
 *
 * @throws {Refusal} 403 when the request must not have one: early versions of the API start a container with new
 * settings, and a body of a GET is only there to confuse
 */
export async function dropBody(request: IncomingMessage, mayHaveOne: boolean): Promise<void> {
  const text = (await readBytes(request, MAX_OTHER_BYTES)).toString("latin1").trim();
  if (!mayHaveOne && text !== "" && text !== "{}") {
    throw forbidden("it has a body, which the sandbox does not need");
  }
}

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw malformed(`its body has more than "${maxBytes}" bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Drops the body of a request for an upgrade. Node.js before 25 leaves it at the start of the connection; later ones
 * read it as they read others.
 *
 * @throws {Refusal} 400 when its length is not stated, or too large
 */
export async function dropUpgradeBody(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const length = Number(request.headers["content-length"] ?? "0");
  if (request.headers["transfer-encoding"] !== undefined || !(length <= MAX_OTHER_BYTES)) {
    throw malformed("an attach request cannot have a body of this kind");
  }
  if (!request.complete) {
    if (head.length > 0) socket.unshift(head);
    await dropBody(request, true);
    return;
  }
  const rest = await skipBytes(socket, head, length);
  if (rest.length > 0) socket.unshift(rest);
}

/** Reads until `length` bytes are there, and returns what follows them. */
async function skipBytes(socket: Duplex, head: Buffer, length: number): Promise<Buffer> {
  let bytes = head;
  while (bytes.length < length) {
    const chunk = (socket.read() as Buffer | null) ?? (await nextChunk(socket));
    bytes = Buffer.concat([bytes, chunk]);
  }
  return bytes.subarray(length);
}

function nextChunk(socket: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const onReadable = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) settle(() => resolve(chunk));
    };
    const onEnd = (): void => settle(() => reject(malformed("its body ended early")));
    const settle = (finish: () => void): void => {
      socket.off("readable", onReadable).off("end", onEnd).off("close", onEnd);
      finish();
    };
    socket.on("readable", onReadable).once("end", onEnd).once("close", onEnd);
  });
}
