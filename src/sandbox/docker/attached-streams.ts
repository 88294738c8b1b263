/**
 * The two byte streams of an attached container, over the raw connection that its attach request was turned into.
 *
 * Guarantee: one write is one write on the connection, one read is one `data` event; back pressure reaches the daemon.
 * `output` always ends or fails, also when the connection is cut.
 */
import { Socket } from "node:net";
import { type Duplex, Readable, type Writable } from "node:stream";
import { createDemultiplexer } from "./demultiplexer.ts";

/** Bytes read ahead of the consumer before the connection is held back. */
const READ_AHEAD_BYTES = 1024 * 1024;

/** What the protocol's connection takes. */
export interface AttachedStreams {
  /** Bytes to the container's standard input. Its end closes that input. */
  readonly input: Writable;
  /** Bytes of the container's standard error. */
  readonly output: Readable;
}

/** Splits the connection of an attached container into its streams. */
export function splitAttachedStreams(socket: Duplex): AttachedStreams {
  const output = new Readable({
    highWaterMark: READ_AHEAD_BYTES,
    read: () => void socket.resume(),
    destroy(error, callback) {
      socket.destroy();
      callback(error);
    },
  });
  const demultiplexer = createDemultiplexer((payload) => {
    if (!output.push(payload)) socket.pause();
  });
  if (socket instanceof Socket) socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    try {
      demultiplexer.push(chunk);
    } catch (error) {
      output.destroy(error as Error);
    }
  });
  socket.once("end", () => output.push(null));
  socket.once("error", (error) => output.destroy(error));
  socket.once("close", () => output.push(null));
  return { input: socket, output };
}
