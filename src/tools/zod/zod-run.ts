/**
 * Runs Zod on a value that is small, or is checked as a whole, and watches its patterns and unions while it runs.
 *
 * Zod matches patterns in the middle of a check, where nothing can end it. So for the time of one run, which nothing
 * interrupts, the patterns in the schema's definitions are replaced by some that pass a text that would take long: a thread
 * matches it, and Zod runs once more with what the thread found. Unions of a recursive schema are counted in the same way.
 */
import * as z from "zod";
import { toErrorMessage } from "../../errors.ts";
import type { CheckOptions } from "../check-input.ts";
import { runInThread } from "../thread/check-threads.ts";
import { DEFAULT_MAX_CHECK_MS } from "../thread/limits.ts";
import type { ThreadAnswer } from "../thread/thread-messages.ts";
import { writeJson } from "../thread/write-json.ts";
import type { PatternSlot, ZodTree } from "./zod-tree.ts";

/** What Zod found; a text in place of issues says why the value could not be checked. */
export type ZodResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly z.core.$ZodIssue[] }
  | { readonly ok: false; readonly issues: undefined; readonly text: string };

/** Steps of one pattern on one text, and of all in one run, that are taken in the loop: about 0.1 and 5 ms at worst. */
const MAX_TEXT_STEPS = 40_000;
const MAX_RUN_STEPS = 2_000_000;
/** Unions of a recursive schema that one run may come to. */
const MAX_UNIONS = 20_000;
/** Runs for one value: a text may come to light only when another one has passed. */
const MAX_RUNS = 5;

/** Runs Zod once, and watches nothing. */
export function runZod(schema: z.core.$ZodType, value: unknown, abortEarly: boolean): ZodResult {
  try {
    const parsed = z.core.safeParse(schema, value, { ...UNCOMPILED, abortEarly } as Context);
    return parsed.success ? { ok: true, value: parsed.data } : { ok: false, issues: parsed.error.issues };
  } catch (error) {
    return { ok: false, issues: undefined, text: toReason(error) };
  }
}

/** `abortEarly` stands in the context that Zod hands from schema to schema, but not in that of its callers. */
type Context = z.core.ParseContext<z.core.$ZodIssue>;

/** Keeps a schema that was compiled (`z.compile`) from using code that has its patterns built in. */
const UNCOMPILED = { [Symbol.for("zod.compile.fallback")]: true };

/** Whether matching so many texts of that length against all patterns of a schema surely takes little. */
export function areTextsCheap({ patterns }: ZodTree, texts: number, longestText: number): boolean {
  let steps = 0;
  for (const { cost } of patterns) {
    const own = cost(longestText);
    if (own > MAX_TEXT_STEPS) return false;
    steps += own * texts;
  }
  return steps <= MAX_RUN_STEPS;
}

/** The part of a schema that does its work. */
interface Runnable {
  run: (
    payload: z.core.ParsePayload,
    context: z.core.ParseContextInternal,
  ) => z.core.util.MaybeAsync<z.core.ParsePayload>;
}

/** Texts that a thread has to match, by pattern. */
type OpenTexts = Map<PatternSlot, Set<string>>;
/** What threads found. */
type Matches = Map<PatternSlot, Map<string, boolean>>;

/** What one run came to. */
export interface WatchedRun {
  readonly result: ZodResult;
  /** Texts that were passed without a look: while there are some, the result means nothing. */
  readonly open: OpenTexts;
}

/** Watches the patterns and unions of one schema, one run after the other. */
export class ZodWatch {
  readonly #tree: ZodTree;
  readonly #watched: ReadonlyMap<PatternSlot, RegExp>;
  #known: Matches = new Map();
  #open: OpenTexts = new Map();
  #steps = 0;
  #unions = 0;

  constructor(tree: ZodTree) {
    this.#tree = tree;
    this.#watched = new Map(
      tree.patterns.map((slot) => [slot, new WatchedRegExp(slot.pattern, (text) => this.#match(slot, text))]),
    );
  }

  /** Runs Zod once. */
  run(schema: z.core.$ZodType, value: unknown, abortEarly: boolean, known: Matches = new Map()): WatchedRun {
    this.#known = known;
    this.#open = new Map();
    this.#steps = 0;
    this.#unions = 0;
    return { result: this.#replacing(() => runZod(schema, value, abortEarly)), open: this.#open };
  }

  /** Does a job while everything that is watched is replaced. */
  #replacing<Value>(job: () => Value): Value {
    const { patterns, recursiveUnions } = this.#tree;
    const runs = recursiveUnions.map(
      ({ _zod: internals }: { _zod: Runnable }) => [internals, internals.run] as const,
    );
    try {
      for (const slot of patterns) this.#replace(slot);
      for (const [internals, run] of runs) {
        internals.run = (payload, context) => {
          this.#countUnion();
          return run(payload, context);
        };
      }
      return job();
    } finally {
      for (const { holder, key, pattern, match } of patterns) {
        holder[key] = pattern;
        if (match !== undefined) holder["fn"] = match;
      }
      for (const [internals, run] of runs) internals.run = run;
    }
  }

  #replace(slot: PatternSlot): void {
    const { holder, key, match } = slot;
    holder[key] = this.#watched.get(slot);
    if (match !== undefined) holder["fn"] = (text: string) => this.#match(slot, text) ?? match(text);
  }

  #countUnion(): void {
    this.#unions += 1;
    if (this.#unions > MAX_UNIONS) throw new Error("it is nested too deeply, in choices within choices");
  }

  /** Whether a text matches, where a thread has said so; true for one that it has yet to match. */
  #match(slot: PatternSlot, text: string): boolean | undefined {
    const known = this.#known.get(slot)?.get(text);
    if (known !== undefined) return known;
    const steps = slot.cost(text.length);
    this.#steps += steps;
    if (steps <= MAX_TEXT_STEPS && this.#steps <= MAX_RUN_STEPS) return undefined;
    const texts = this.#open.get(slot) ?? new Set();
    this.#open.set(slot, texts.add(text));
    return true;
  }
}

/** Runs Zod for one input, piece by piece, with the help of threads. */
export class ZodRunner {
  readonly #watch: ZodWatch;
  readonly #options: CheckOptions;
  /** Processor time of threads, in milliseconds. */
  usedMs = 0;

  constructor(watch: ZodWatch, options: CheckOptions) {
    this.#watch = watch;
    this.#options = options;
  }

  /** Runs Zod on a value, as often as its texts make necessary. */
  async run(schema: z.core.$ZodType, value: unknown, abortEarly: boolean): Promise<ZodResult> {
    const known: Matches = new Map();
    for (let run = 0; run < MAX_RUNS; run += 1) {
      const { result, open } = this.#watch.run(schema, value, abortEarly, known);
      if (open.size === 0) return result;
      const problem = await this.#matchInThread(open, known);
      if (problem !== undefined) return { ok: false, issues: undefined, text: problem };
    }
    return { ok: false, issues: undefined, text: "could not be checked: its texts take too long to match" };
  }

  /** Has texts matched, or says why they could not be. */
  async #matchInThread(open: OpenTexts, known: Matches): Promise<string | undefined> {
    const patterns = [...open.keys()].map(({ pattern: { source, flags } }) => ({ source, flags }));
    const texts = [...open.values()].map((some) => [...some]);
    const task = { kind: "match", patterns, maxMs: DEFAULT_MAX_CHECK_MS } as const;
    const outcome = await runInThread({ task, text: writeJson(texts) }, this.#options);
    this.usedMs += outcome.usedMs;
    if (!outcome.done) return `could not be checked: ${outcome.reason}`;
    return keepMatches(outcome.answer, open, known);
  }
}

/** Notes what a thread found, or says why it found nothing. */
function keepMatches(answer: ThreadAnswer, open: OpenTexts, known: Matches): string | undefined {
  if (answer.kind === "too-slow") {
    return `took longer than ${DEFAULT_MAX_CHECK_MS} ms to match against a pattern`;
  }
  if (answer.kind !== "matches") return "could not be checked";
  for (const [at, [slot, texts]] of [...open].entries()) {
    const found = known.get(slot) ?? new Map<string, boolean>();
    for (const [index, text] of [...texts].entries()) found.set(text, answer.matches[at]?.[index] === true);
    known.set(slot, found);
  }
  return undefined;
}

/** A pattern that asks first. */
class WatchedRegExp extends RegExp {
  readonly #ask: (text: string) => boolean | undefined;

  constructor(pattern: RegExp, ask: (text: string) => boolean | undefined) {
    super(pattern.source, pattern.flags);
    this.#ask = ask;
  }

  override test(text: string): boolean {
    return this.#ask(text) ?? super.test(text);
  }
}

function toReason(error: unknown): string {
  return error instanceof z.core.$ZodAsyncError
    ? "cannot be checked: the schema has an asynchronous step, which tools do not support"
    : `cannot be checked: ${toErrorMessage(error)}`;
}
