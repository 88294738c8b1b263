/**
 * Takes apart the stream of an attached container without a terminal: 8-byte headers (stream, three zero bytes,
 * big-endian length), each followed by that many bytes.
 *
 * Guarantee: payload is handed out as views of what was read, never copied, whatever the sizes of the reads. It knows
 * nothing of frames.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
import { ToolscriptError } from "../../errors.ts";

const NOTHING = Buffer.alloc(0);
const HEADER_BYTES = 8;
const STDERR = 2;

/** Takes chunks as they were read. */
export interface Demultiplexer {
  /** @throws {ToolscriptError} `docker-failed` when a header is none: the stream is not multiplexed */
  push(chunk: Buffer): void;
}

/** Creates a demultiplexer that hands standard error to `onStderr` and drops the other streams. */
export function createDemultiplexer(onStderr: (payload: Buffer) => void): Demultiplexer {
  let header = NOTHING;
  let stream = 0;
  let remaining = 0;

  function readHeader(chunk: Buffer, start: number): number {
    const missing = HEADER_BYTES - header.length;
    const available = chunk.length - start;
    if (available < missing) {
      header = Buffer.concat([header, chunk.subarray(start)]);
      return chunk.length;
    }
    if (missing === HEADER_BYTES) parseHeader(chunk, start);
    else parseHeader(Buffer.concat([header, chunk.subarray(start, start + missing)]), 0);
    header = NOTHING;
    return start + missing;
  }

  function parseHeader(bytes: Buffer, at: number): void {
    stream = bytes.readUInt8(at);
    if (stream > STDERR || bytes.readUIntBE(at + 1, 3) !== 0) throw notMultiplexed(bytes, at);
    remaining = bytes.readUInt32BE(at + 4);
  }

  return {
    push(chunk) {
      let at = 0;
      while (at < chunk.length) {
        if (remaining === 0) {
          at = readHeader(chunk, at);
          continue;
        }
        const end = Math.min(chunk.length, at + remaining);
        remaining -= end - at;
        if (stream === STDERR) onStderr(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
        at = end;
      }
    },
  };
}

function notMultiplexed(bytes: Buffer, at: number): ToolscriptError {
  const shown = bytes.subarray(at, at + HEADER_BYTES).toString("hex");
  return new ToolscriptError(
    "docker-failed",
    `Reading the attached container failed: "${shown}" is no stream header; is something between here and the daemon?`,
  );
}
