/**
 * Results on their way to the runner: those that return together leave in one write, and the last one that the script
 * waits for leaves at once.
 */
import type { OutgoingFrame } from "../protocol/frames.ts";

/** Collects frames. */
export interface Outbox {
  /** Adds a frame; `last` says that nothing else is pending, so that there is nothing to wait for. */
  push(frame: OutgoingFrame, last: boolean): void;
  /** Forgets what has not been sent. */
  clear(): void;
}

/**
 * Creates an outbox. Frames pushed in one turn of the event loop go to `send` together, at the end of that turn: no
 * fixed delay.
 */
export function createOutbox(send: (frames: readonly OutgoingFrame[]) => void): Outbox {
  let held: OutgoingFrame[] = [];
  let scheduled: NodeJS.Immediate | undefined;

  function flush(): void {
    scheduled = undefined;
    const frames = held;
    held = [];
    if (frames.length > 0) send(frames);
  }

  return {
    push(frame, last) {
      held.push(frame);
      if (last) {
        clearImmediate(scheduled);
        flush();
      } else scheduled ??= setImmediate(flush);
    },
    clear() {
      held = [];
    },
  };
}
