/**
 * The two byte streams of an attached container, over the raw connection that its attach request was turned into.
 *
 * Guarantee: one write is one write on the connection, one read is handed on as it comes, without a stream between; back
 * pressure reaches the daemon. `output` always ends or fails, also when the connection is cut.
 */
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import type { Duplex, Writable } from "node:stream";
import type { ByteSource } from "../../protocol/connection.ts";
import { createDemultiplexer } from "./demultiplexer.ts";

/** What the protocol's connection takes. */
export interface AttachedStreams {
  /** Bytes to the container's standard input. Its end closes that input. */
  readonly input: Writable;
  /** Bytes of the container's standard error. To be listened to in the turn in which they were split off. */
  readonly output: ByteSource;
}

/** Splits the connection of an attached container into its streams. */
export function splitAttachedStreams(socket: Duplex): AttachedStreams {
  if (socket instanceof Socket) socket.setNoDelay(true);
  return { input: socket, output: new AttachedOutput(socket) };
}

class AttachedOutput extends EventEmitter implements ByteSource {
  readonly #socket: Duplex;
  #isOver = false;

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
    const demultiplexer = createDemultiplexer((payload) => this.emit("data", payload));
    socket.on("data", (chunk: Buffer) => {
      try {
        if (!this.#isOver) demultiplexer.push(chunk);
      } catch (error) {
        socket.destroy();
        this.#end(error as Error);
      }
    });
    socket.once("end", () => this.#end());
    socket.once("error", (error) => this.#end(error));
    socket.once("close", () => this.#end());
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The first reason counts. */
  #end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (error === undefined) this.emit("end");
    else this.emit("error", error);
  }
}
