/**
 * A turn whose response is kept: whoever sends its request again gets the same events, from the first one on, while the
 * turn still runs or when it has long been over.
 *
 * Guarantees: the turn is run once, however many read it; the fastest reader sets the pace; when the last reader has left
 * it goes on for the grace time and no longer; an event that was read once never changes. Pings are nobody's record.
 */
import type { MessageEvent } from "../../model/model.ts";
import { orAbort } from "../waiting.ts";

/** What a recorded turn is made of. */
export interface RecordedTurnOptions {
  /** The events of the turn, which is over when they are. */
  readonly events: AsyncGenerator<MessageEvent>;
  /** Ends what the turn waits for; the events then end with an error. */
  readonly abort: (reason: Error) => void;
  /** Milliseconds for which it goes on when nobody reads it. */
  readonly graceMs: number;
}

/** A turn, running or over. */
export class RecordedTurn {
  /** Let go of at the end, and with it the request. */
  #options: RecordedTurnOptions | undefined;
  readonly #events: MessageEvent[] = [];
  readonly #over = Promise.withResolvers<void>();
  /** Whoever waits for the next event waits for the same one. */
  #next: Promise<"ping" | undefined> | undefined;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #readers = 0;
  #wasRead = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RecordedTurnOptions) {
    this.#options = options;
  }

  /** Whether it goes on although nobody reads it. */
  get isAbandoned(): boolean {
    return !this.#isOver && this.#readers === 0;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether nobody reads it and nobody has read it to its end: its client left. */
  get isUnread(): boolean {
    return this.#readers === 0 && !this.#wasRead;
  }

  /** Whether it ended with an error: the same request then is a new try. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * All events, those that were there before and those to come.
   *
   * @param signal - aborted when the reader's client has left
   * @throws what the turn failed with; {ToolscriptError} `aborted` when the signal is aborted
   */
  async *read(signal: AbortSignal): AsyncGenerator<MessageEvent> {
    this.#readers += 1;
    clearTimeout(this.#timer);
    try {
      for (let at = 0; ;) {
        const event = this.#events[at];
        if (event !== undefined) {
          at += 1;
          yield event;
        } else if (this.#isOver) break;
        else if ((await orAbort(this.#pull(), signal)) === "ping") yield { type: "ping" };
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      this.#wasRead = true;
    } finally {
      this.#readers -= 1;
      if (this.isAbandoned) this.#goOn();
    }
  }

  /** Ends it, if it still runs, and resolves when it has ended. */
  async end(reason: Error): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#options?.abort(reason);
    void this.#runOn();
    await this.#over.promise;
  }

  #goOn(): void {
    const { graceMs = 0 } = this.#options ?? {};
    if (graceMs <= 0) {
      void this.end(new Error("The client left"));
      return;
    }
    this.#timer = setTimeout(() => void this.end(new Error("The client did not come back")), graceMs).unref();
    void this.#runOn();
  }

  /** Runs it as long as nobody else does. */
  async #runOn(): Promise<void> {
    while (this.isAbandoned) await this.#pull();
  }

  #pull(): Promise<"ping" | undefined> {
    this.#next ??= this.#takeOne();
    return this.#next;
  }

  /** Never rejects: an error is kept for all who read. */
  async #takeOne(): Promise<"ping" | undefined> {
    try {
      const result = await this.#options?.events.next();
      if (result === undefined || result.done === true) this.#finish();
      else if (result.value.type === "ping") return "ping";
      else this.#events.push(result.value);
    } catch (error) {
      this.#failure = { error };
      this.#finish();
    } finally {
      this.#next = undefined;
    }
    return undefined;
  }

  #finish(): void {
    this.#isOver = true;
    this.#options = undefined;
    clearTimeout(this.#timer);
    this.#over.resolve();
  }
}
