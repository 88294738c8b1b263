/**
 * Containers that could not be removed because no daemon answered. They are removed once one answers again: the reaper
 * would leave them, since their host is alive.
 */
import type { Engine } from "./engine.ts";

/** The containers that one sandbox still has to remove. */
export class LeftContainers {
  readonly #engine: Engine;
  readonly #ids = new Set<string>();
  #removing: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Leaves a container for later. */
  add(id: string): void {
    this.#ids.add(id);
  }

  /** Removes them all, and waits for what is being removed. Never rejects: what cannot be removed now is left for later. */
  async remove(): Promise<void> {
    const ids = [...this.#ids];
    this.#ids.clear();
    const removing = ids.map((id) => this.#engine.remove(id).catch(() => this.#ids.add(id)));
    this.#removing = Promise.all([this.#removing, ...removing]);
    await this.#removing;
  }
}
