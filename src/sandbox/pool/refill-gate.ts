/**
 * Decides when a pool may fill up again. A burst that empties it gets the machine first: containers that start beside it
 * would slow down those who wait for their answers.
 *
 * Guarantee: held back for `delayMs` after the latest session was taken, at most four times as long; once it is open it
 * stays so until the pool is full.
 */

/** Longest time that sessions taken one after another hold the gate, in delays. */
const LONGEST_HOLD_DELAYS = 4;

/** Options of {@link RefillGate}. */
export interface RefillGateOptions {
  readonly delayMs: number;
  /** The gate has opened. */
  readonly onOpen: () => void;
}

/** Open at first: a new pool fills at once. */
export class RefillGate {
  readonly #options: RefillGateOptions;
  #state: "full" | "held" | "open" = "open";
  #heldSinceMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RefillGateOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** A session was taken. */
  hold(): void {
    const { delayMs } = this.#options;
    if (delayMs === 0) this.open();
    if (this.#state === "open") return;
    const nowMs = performance.now();
    if (this.#state === "full") this.#heldSinceMs = nowMs;
    this.#state = "held";
    const longestMs = this.#heldSinceMs + LONGEST_HOLD_DELAYS * delayMs - nowMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#release(), Math.max(0, Math.min(delayMs, longestMs)));
    this.#timer.unref();
  }

  /** A session was lost, or nobody needs the machine. */
  open(): void {
    clearTimeout(this.#timer);
    this.#state = "open";
  }

  /** The pool is full. */
  close(): void {
    clearTimeout(this.#timer);
    this.#state = "full";
  }

  #release(): void {
    this.open();
    this.#options.onOpen();
  }
}
