/**
 * Joins two connections, byte for byte, after an attach request was accepted.
 *
 * Guarantees: bytes are passed on as they come, in both directions, with back pressure; the end of one direction ends
 * that direction only, on the other side, too; a connection that breaks breaks the other.
 */
import type { Duplex } from "node:stream";

/** Joins the two. Bytes that were read already are put back beforehand, with `unshift`. */
export function joinConnections(client: Duplex, daemon: Duplex): void {
  passOn(client, daemon);
  passOn(daemon, client);
}

function passOn(from: Duplex, to: Duplex): void {
  from.on("data", (chunk: Buffer) => {
    if (!to.write(chunk)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.once("end", () => to.end());
  from.once("error", () => to.destroy());
  // After an orderly end the other side still has to write out what it got.
  from.once("close", () => {
    if (!from.readableEnded) to.destroy();
  });
}
