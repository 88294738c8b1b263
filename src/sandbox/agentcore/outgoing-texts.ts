/**
 * Frames on their way to a kernel, as texts. Whoever adds to them is told when to wait: they leave one request at a time.
 */

import { setImmediate as nextTurn } from "node:timers/promises";

/** Characters that may wait before whoever adds more has to. */
const ROOM_CHARACTERS = 1024 * 1024;

/**
 * Characters that are taken at once. AgentCore takes 100 MB; but what is packed, signed and sent in one go keeps this
 * process busy for that long.
 */
const TAKE_CHARACTERS = 2 * 1024 * 1024;

/** Turns of the loop without an addition after which nobody is about to add. */
const QUIET_TURNS = 3;

/** Texts of one session. */
export class OutgoingTexts {
  #texts: string[] = [];
  #characters = 0;
  #additions = 0;
  #room: PromiseWithResolvers<void> | undefined;

  get isEmpty(): boolean {
    return this.#characters === 0;
  }

  /** Whether whoever adds more has to wait. */
  get isFull(): boolean {
    return this.#characters >= ROOM_CHARACTERS;
  }

  /** Adds texts of at most a MiB each. @returns undefined when more may be added at once; else what resolves when it may */
  add(texts: readonly string[]): Promise<void> | undefined {
    this.#additions += 1;
    for (const text of texts) {
      this.#texts.push(text);
      this.#characters += text.length;
    }
    if (!this.isFull) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Takes what fits into one request. */
  take(): string {
    let count = 0;
    let characters = 0;
    for (const text of this.#texts) {
      if (count > 0 && characters + text.length > TAKE_CHARACTERS) break;
      count += 1;
      characters += text.length;
    }
    this.#characters -= characters;
    const taken = this.#texts.splice(0, count).join("");
    if (!this.isFull) this.#letGoOn();
    return taken;
  }

  /** Resolves when it is full again, or when whoever had to wait has nothing to add. */
  async refilled(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS && !this.isFull;) {
      const additions = this.#additions;
      await nextTurn();
      quiet = this.#additions === additions ? quiet + 1 : 0;
    }
  }

  /** Forgets everything and lets whoever waits go on. */
  close(): void {
    this.#texts = [];
    this.#characters = 0;
    this.#letGoOn();
  }

  #letGoOn(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
