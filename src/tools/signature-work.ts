/** How much may be done to write the signatures of one set of tools: whatever their schemas are, it takes a share of a turn. */

/** Units of work for all levels of detail together: one is about a schema that is read, 2 µs. */
export const DEFAULT_MAX_SIGNATURE_WORK = 7_500;

/** What is left. */
export class SignatureWork {
  #left = DEFAULT_MAX_SIGNATURE_WORK;

  /** Whether something was asked for that was not to be had. */
  get isUsedUp(): boolean {
    return this.#left < 0;
  }

  /** Takes some; false when there is not enough, and then nothing more is to be had. */
  take(units: number): boolean {
    this.#left -= units;
    return this.#left >= 0;
  }
}
