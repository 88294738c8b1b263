/**
 * Answers on their way to the runner: those that return together leave together, the last one that the script waits
 * for leaves at once, and none is made while the runner does not take those before it.
 */
import { ToolscriptError } from "../errors.ts";
import type { OutgoingFrame } from "../protocol/frames.ts";
import { TurnShare } from "../turn-share.ts";

/** Bytes of answers that are collected before they leave without waiting for the end of the turn. */
const FLUSH_BYTES = 256 * 1024;

/** Frames that are sent together. */
const FRAMES_A_SEND = 2_000;

/** Bytes of answers that are held for a script which makes calls and never takes what they return. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/** Collects answers. */
export interface Outbox {
  /** Adds a frame of about `bytes`; `last` says that nothing else is pending, so that there is nothing to wait for. */
  push(frame: OutgoingFrame, bytes: number, last: boolean): void;
  /** Whether the runner has not taken what was sent. */
  readonly isFull: boolean;
  /**
   * Asks to make the JSON of an answer: undefined when that may be done at once, else what resolves when it may. One
   * after another is let in, so that no more than one large answer is on its way beside what the runner has.
   */
  enter(): Promise<void> | undefined;
  /** Lets nobody in while `making`, an answer that takes more than one turn to make, has not been pushed. */
  hold(making: Promise<unknown>): void;
  /** Resolves when {@link isFull} changes. */
  changed(): Promise<void>;
  /** Forgets what has not been sent, and lets in whoever waits. */
  close(): void;
}

/**
 * Creates an outbox. Frames pushed in one turn of the event loop go to `send` together, at the end of that turn: no
 * fixed delay.
 *
 * @param fail Told of a script that takes no answers.
 */
export function createOutbox(
  send: (frames: readonly OutgoingFrame[]) => Promise<void> | undefined,
  fail: (error: ToolscriptError) => void,
): Outbox {
  const held: OutgoingFrame[] = [];
  let heldBytes = 0;
  let scheduled: NodeJS.Immediate | undefined;
  let isFull = false;
  let isClosed = false;
  let making = 0;
  let isLetting = false;
  let change = Promise.withResolvers<void>();
  const entering: (() => void)[] = [];

  function setFull(value: boolean): void {
    if (isFull === value) return;
    isFull = value;
    change.resolve();
    change = Promise.withResolvers<void>();
    if (!value) void letIn();
  }

  /** One answer a time, each in its share of a turn; what it sends may fill the way again. */
  async function letIn(): Promise<void> {
    if (isLetting) return;
    isLetting = true;
    const share = new TurnShare();
    while (!isFull && making === 0 && entering.length > 0) {
      entering.shift()?.();
      await share.yieldTurn();
    }
    isLetting = false;
  }

  function flush(): void {
    clearImmediate(scheduled);
    scheduled = undefined;
    while (!isFull && held.length > 0) {
      if (held.length > FRAMES_A_SEND && new TurnShare().due) {
        scheduled = setImmediate(flush);
        return;
      }
      const frames = held.splice(0, FRAMES_A_SEND);
      if (held.length === 0) heldBytes = 0;
      const taken = send(frames);
      if (taken !== undefined) void waitUntil(taken);
    }
  }

  async function waitUntil(taken: Promise<void>): Promise<void> {
    setFull(true);
    await taken;
    setFull(false);
    flush();
  }

  return {
    push(frame, bytes, last) {
      if (isClosed) return;
      held.push(frame);
      heldBytes += bytes;
      if (heldBytes > MAX_HELD_BYTES) fail(takesNothing());
      else if (last || heldBytes >= FLUSH_BYTES) flush();
      else scheduled ??= setImmediate(flush);
    },
    get isFull() {
      return isFull;
    },
    enter() {
      if (isClosed || (!isFull && making === 0 && entering.length === 0)) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      entering.push(resolve);
      return promise;
    },
    hold(promise) {
      making += 1;
      const made = (): void => {
        making -= 1;
        void letIn();
      };
      promise.then(made, made);
    },
    changed: () => change.promise,
    close() {
      isClosed = true;
      held.length = 0;
      clearImmediate(scheduled);
      setFull(false);
      for (const resolve of entering.splice(0)) resolve();
    },
  };
}

function takesNothing(): ToolscriptError {
  return new ToolscriptError(
    "work-limit",
    `Answering calls failed: the script takes no answers, and more than "${MAX_HELD_BYTES}" bytes of them wait`,
  );
}
