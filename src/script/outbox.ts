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

/** What an outbox needs. */
export interface OutboxOptions {
  /** Sends frames; a promise when the runner is behind. */
  readonly send: (frames: readonly OutgoingFrame[]) => Promise<void> | undefined;
  /** Told of a script that takes no answers. */
  readonly fail: (error: ToolscriptError) => void;
}

/** Collects answers. Those pushed in one turn of the event loop leave at the end of that turn: no fixed delay. */
export class Outbox {
  readonly #options: OutboxOptions;
  #held: OutgoingFrame[] = [];
  readonly #entering: (() => void)[] = [];
  #heldBytes = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #isFull = false;
  #isClosed = false;
  #isLetting = false;
  /** Answers being made that take more than one turn. */
  #making = 0;
  #change = Promise.withResolvers<void>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Whether the runner has not taken what was sent. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Resolves when {@link isFull} changes. */
  changed(): Promise<void> {
    return this.#change.promise;
  }

  /** Adds a frame of about `bytes`; `last` says that nothing else is pending, so that there is nothing to wait for. */
  push(frame: OutgoingFrame, bytes: number, last: boolean): void {
    if (this.#isClosed) return;
    this.#held.push(frame);
    this.#heldBytes += bytes;
    if (this.#heldBytes > MAX_HELD_BYTES) this.#options.fail(takesNothing());
    else if (last || this.#heldBytes >= FLUSH_BYTES) this.#flush();
    else this.#scheduled ??= setImmediate(() => this.#flush());
  }

  /**
   * Asks to make the JSON of an answer: undefined when that may be done at once, else what resolves when it may. One
   * after another is let in, so that no more than one large answer is on its way beside what the runner has.
   */
  enter(): Promise<void> | undefined {
    const isFree = !this.#isFull && this.#making === 0 && this.#entering.length === 0;
    if (this.#isClosed || isFree) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#entering.push(resolve);
    return promise;
  }

  /** Lets nobody in while an answer is made that takes more than one turn; what it gives is called when it was pushed. */
  hold(): () => void {
    this.#making += 1;
    return () => {
      this.#making -= 1;
      void this.#letIn();
    };
  }

  /** Forgets what has not been sent, and lets in whoever waits. */
  close(): void {
    this.#isClosed = true;
    this.#held = [];
    clearImmediate(this.#scheduled);
    this.#setFull(false);
    for (const resolve of this.#entering.splice(0)) resolve();
  }

  #setFull(value: boolean): void {
    if (this.#isFull === value) return;
    this.#isFull = value;
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }

  /** One answer a time, each in its share of a turn; what it sends may fill the way again. */
  async #letIn(): Promise<void> {
    if (this.#isLetting) return;
    this.#isLetting = true;
    const share = new TurnShare();
    while (!this.#isFull && this.#making === 0 && this.#entering.length > 0) {
      this.#entering.shift()?.();
      await share.yieldTurn();
    }
    this.#isLetting = false;
  }

  #flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    while (!this.#isFull && this.#held.length > 0) {
      if (this.#held.length > FRAMES_A_SEND && new TurnShare().due) {
        this.#scheduled = setImmediate(() => this.#flush());
        return;
      }
      const taken = this.#options.send(this.#take());
      if (taken !== undefined) void this.#waitUntil(taken);
    }
  }

  #take(): OutgoingFrame[] {
    if (this.#held.length > FRAMES_A_SEND) return this.#held.splice(0, FRAMES_A_SEND);
    const frames = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return frames;
  }

  async #waitUntil(taken: Promise<void>): Promise<void> {
    this.#setFull(true);
    await taken;
    this.#setFull(false);
    this.#flush(); // before another answer is made
    void this.#letIn();
  }
}

function takesNothing(): ToolscriptError {
  return new ToolscriptError(
    "work-limit",
    `Answering calls failed: the script takes no answers, and more than "${MAX_HELD_BYTES}" bytes of them wait`,
  );
}
