/**
 * Containers that could not be removed because no daemon answered. They are removed once one answers again: the reaper
 * would leave them, since their host is alive.
 */
import { setTimeout } from "node:timers/promises";
import { isToolscriptError } from "../../errors.ts";
import type { Engine } from "./engine.ts";

/** Pauses before each try, in milliseconds: a daemon that has just come back may still find its files in use. */
const PAUSES_MS = [0, 100, 400, 1_600];

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
    const removing = ids.map((id) => this.#removeOne(id));
    this.#removing = Promise.all([this.#removing, ...removing]);
    await this.#removing;
  }

  async #removeOne(id: string): Promise<void> {
    for (const pauseMs of PAUSES_MS) {
      await setTimeout(pauseMs);
      try {
        await this.#engine.remove(id);
        return;
      } catch (error) {
        if (isToolscriptError(error, "docker-unreachable")) break;
      }
    }
    this.#ids.add(id);
  }
}
