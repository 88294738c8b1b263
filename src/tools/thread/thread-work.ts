/** What a check thread does. Each task ends within its time, whatever the schema, the pattern or the text is. */
import { checkDocument } from "../json-schema/check-document.ts";
import { type Bound, CompiledSchema } from "../json-schema/compiled-schema.ts";
import { workMeter } from "../json-schema/work-meter.ts";
import { Shelf } from "../shelf.ts";
import type { JsonSchema } from "../tool.ts";
import { DEFAULT_MAX_COMPILE_MS } from "./limits.ts";
import type { ThreadAnswer, ThreadSchema, ThreadTask } from "./thread-messages.ts";
import { TooSlow, within } from "./thread-time.ts";

/** Compiled schemas that a thread keeps, and what they may hold together. */
const MAX_KEPT_SCHEMAS = 200;
const MAX_KEPT_BYTES = 96 * 1024 * 1024;
/** Bytes of any compiled schema, and for each character of it. (Measured: 90 a character.) */
const COMPILED_BYTES = 25_000;
const COMPILED_BYTES_A_CHAR = 100;
/** Steps in which the problems of an input that does not fit are collected. */
const COLLECT_STEPS = 5_000_000;

const TOO_LARGE = "it is too large, or a reference leads to itself";

/** The work of one thread. */
export class ThreadWork {
  readonly #compiled = new Shelf<string, CompiledSchema>(MAX_KEPT_SCHEMAS, MAX_KEPT_BYTES);

  /** Does a task. @throws {Error} with the reason why it cannot be done */
  run(task: ThreadTask, json: unknown): ThreadAnswer {
    try {
      if (task.kind === "check") return this.#check(task, json);
      if (task.kind === "inspect") return this.#inspect(task, json as JsonSchema);
      return match(task, json as readonly (readonly string[])[]);
    } catch (error) {
      if (error instanceof TooSlow) return { kind: "too-slow" };
      throw error;
    }
  }

  #check(task: ThreadTask & { kind: "check" }, input: unknown): ThreadAnswer {
    const { schema, document, maxMs } = task;
    const compiled =
      this.#compiled.take(schema.key) ??
      (document === undefined ? undefined : this.#compile(schema, document, DEFAULT_MAX_COMPILE_MS));
    if (compiled === undefined) return { kind: "unknown-schema" };
    try {
      const verdict = compiled.check(input, toBound(maxMs), task);
      if (verdict === undefined) return { kind: "too-slow" };
      return verdict.ok ? { kind: "fits" } : { kind: "misfits", issues: verdict.issues };
    } catch (error) {
      if (error instanceof RangeError) return { kind: "too-deep" };
      throw error;
    }
  }

  #inspect(task: ThreadTask & { kind: "inspect" }, document: JsonSchema): ThreadAnswer {
    const facts = within(task.maxMs, () => checkDocument(document));
    if (task.isCompiled || facts.isRare) {
      const schema = { ...task.schema, hasOddReference: facts.hasOddReference };
      this.#compile(schema, JSON.stringify(document), task.maxMs);
    }
    return { kind: "valid", ...facts };
  }

  #compile(schema: ThreadSchema, document: string, maxMs: number): CompiledSchema {
    const parsed = JSON.parse(document) as JsonSchema;
    const compiled = within(maxMs, () => toCompiled(parsed, schema));
    this.#compiled.keep(schema.key, compiled, COMPILED_BYTES + COMPILED_BYTES_A_CHAR * document.length);
    return compiled;
  }
}

function toCompiled(document: JsonSchema, schema: ThreadSchema): CompiledSchema {
  try {
    return new CompiledSchema(document, schema);
  } catch (error) {
    if (error instanceof RangeError) throw new Error(TOO_LARGE, { cause: error });
    throw error;
  }
}

/** Bounds a pass of a check by time; the second one by steps as well, since what it finds is only to be told. */
function toBound(maxMs: number): Bound {
  return (job, maxErrors) => {
    const steps = maxErrors === Infinity ? Infinity : COLLECT_STEPS;
    // The meter is set for the first pass, too: a pass that was stopped has left it as it was.
    return within(maxMs, () => workMeter.measure(job, steps, undefined, maxErrors));
  };
}

function match(
  { patterns, maxMs }: ThreadTask & { kind: "match" },
  texts: readonly (readonly string[])[],
): ThreadAnswer {
  const matches = within(maxMs, () =>
    patterns.map(({ source, flags }, at) => {
      const pattern = new RegExp(source, flags);
      return (texts[at] ?? []).map((text) => {
        pattern.lastIndex = 0;
        return pattern.test(text);
      });
    }),
  );
  return { kind: "matches", matches };
}
