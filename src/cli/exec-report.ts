/**
 * What a script did, gathered from its events: the calls in the order in which they were made.
 */
import type { ScriptCall, ScriptEvent } from "../script/script-run.ts";
import { countOf } from "./count-of.ts";

/** One call, as `exec --json` prints it. */
export interface ExecCall {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Milliseconds from the call to its answer, or to the end of the script when it had none. */
  readonly ms: number;
  /** What the script got instead of a value. */
  readonly error?: string;
}

const NEVER_ANSWERED = "The script ended or gave the call up before it was answered";

/** Gathers the calls of one run. */
export class ExecReport {
  readonly #waiting = new Map<number, { call: ScriptCall; startedAt: number }>();
  readonly #answered = new Map<number, ExecCall>();
  #waves = 0;

  /** Takes the next event of the run. */
  add(event: ScriptEvent): void {
    if (event.type === "tool-call") {
      this.#waiting.set(event.call.id, { call: event.call, startedAt: performance.now() });
    } else if (event.type === "tool-result") {
      this.#answer(event.call, event.ms, event.error);
    } else if (event.type === "blocked") {
      this.#waves += event.made > 0 ? 1 : 0;
    } else if (event.type === "finished") {
      for (const { call, startedAt } of this.#waiting.values()) {
        this.#answer(call, performance.now() - startedAt, NEVER_ANSWERED);
      }
    }
  }

  /** Every call, in the order in which they were made. */
  get calls(): readonly ExecCall[] {
    return [...this.#answered].toSorted(([a], [b]) => a - b).map(([, call]) => call);
  }

  /** What a person wants to see while the script runs. */
  get statusLine(): string {
    const done = this.#answered.size;
    const calls = countOf(done + this.#waiting.size, "call");
    return `Running: ${calls}, ${done} answered, ${countOf(this.#waves, "wave")}`;
  }

  #answer({ id, tool, input }: ScriptCall, ms: number, error: string | undefined): void {
    this.#waiting.delete(id);
    this.#answered.set(id, error === undefined ? { tool, input, ms } : { tool, input, ms, error });
  }
}
