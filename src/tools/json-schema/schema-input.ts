/**
 * Checks inputs against one JSON Schema: at once when the input is small, in the loop when that surely does not take
 * long, and in a thread otherwise.
 */
import { toErrorMessage } from "../../errors.ts";
import { runAtOnce, runInShares, TurnShare } from "../../turn-share.ts";
import {
  type Checked,
  type CheckOptions,
  DEFAULT_MAX_INPUT_DEPTH,
  PARTS_A_LOOK,
  refuseInput,
  SMALL_INPUT_PARTS,
  TOO_DEEP,
} from "../check-input.ts";
import { type InputSize, InputWalk } from "../input-size.ts";
import { measureSmall, takeListed } from "../small-input.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import { DEFAULT_MAX_CHECK_MS } from "../thread/limits.ts";
import { checkInThread } from "../thread/check-in-thread.ts";
import type { ThreadSchema } from "../thread/thread-messages.ts";
import type { JsonSchema } from "../tool.ts";
import { type Bound, CompiledSchema, type Verdict } from "./compiled-schema.ts";
import { type DefaultPlan, fillDefaults, toHeaviestDefault, withoutRefused } from "./defaults.ts";
import { keepCompiled } from "./schema-cache.ts";
import { workMeter } from "./work-meter.ts";

/** Steps of a check at once: about half a millisecond at worst, far less mostly. */
const SYNC_STEPS = 60_000;
/** Steps of a check in the loop that has a share of a turn: about 15 ms at worst. */
const LOOP_STEPS = 2_000_000;
/** Parts that defaults may add to an input that is checked at once. */
const MAX_SYNC_FILLED_PARTS = 10_000;
/** Characters that counting characters takes a step for. */
const COUNTED_CHARS_A_STEP = 2;
/** Characters of a key beyond which paths become costly. */
const MAX_LOOP_KEY_CHARS = 1_000;

/** What is known of a schema when its first input comes. */
export interface SchemaInputOptions extends ThreadSchema {
  /** Whether compiling it, and its patterns, takes little enough for the loop. */
  readonly fitsLoop: boolean;
  /** Whether the schema is this program's own: then it stays compiled. */
  readonly isOwn: boolean;
  /** Objects, arrays and values. */
  readonly nodes: number;
  /** Keywords that count the characters of a text. */
  readonly lengths: number;
  readonly defaults: DefaultPlan | undefined;
}

/** One schema. It is compiled for its first input, unless that was done before. */
export class SchemaInput {
  readonly #document: string;
  readonly #options: SchemaInputOptions;
  readonly #heaviestDefault: number;
  #compiled: CompiledSchema | undefined;

  /** @param document The schema as JSON text. */
  constructor(document: string, options: SchemaInputOptions) {
    this.#document = document;
    this.#options = options;
    this.#heaviestDefault = toHeaviestDefault(options.defaults);
  }

  /** Compiles the schema now. @throws {Error} when it is not valid */
  compile(): CompiledSchema {
    if (this.#compiled !== undefined) return this.#compiled;
    const compiled = new CompiledSchema(JSON.parse(this.#document) as JsonSchema, this.#options);
    this.#compiled = compiled;
    if (!this.#options.isOwn) keepCompiled(this, this.#options.nodes);
    return compiled;
  }

  /** Forgets what the schema was compiled to. */
  release(): void {
    this.#compiled = undefined;
  }

  /** Checks one input. */
  check(input: unknown, options: CheckOptions): MaybePromise<Checked> {
    const compiled = this.#compiled;
    const size = measureSmall(input, SMALL_INPUT_PARTS);
    if (size !== undefined && compiled !== undefined && this.#options.fitsLoop) {
      const isFilled = this.#heaviestDefault * size.parts <= MAX_SYNC_FILLED_PARTS;
      const checked = isFilled
        ? this.#checkHere(compiled, input, this.#fillHere(input), size, SYNC_STEPS, options)
        : undefined;
      if (checked !== undefined) return checked;
    }
    return this.#checkLater(input, new InputWalk(input, undefined, takeListed()), options);
  }

  /** In the loop, within so many steps; undefined when they are not enough. */
  #checkHere(
    compiled: CompiledSchema,
    input: unknown,
    filled: unknown,
    size: InputSize,
    steps: number,
    options: CheckOptions,
  ): Checked | undefined {
    const left = steps - (this.#options.lengths * size.chars) / COUNTED_CHARS_A_STEP;
    if (left < 0 || size.longestKey > MAX_LOOP_KEY_CHARS) return undefined;
    try {
      const fits = compiled.fits(filled, left, size);
      if (fits !== false) return fits === undefined ? undefined : { ok: true, value: filled };
      return judge(compiled, input, filled, { size, steps: left - workMeter.usedSteps, options });
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      // What the compiler makes of a rare schema may be wrong. Who sent it hears of it, and nobody else.
      return refuseInput(`cannot be checked: ${toErrorMessage(error)}`);
    }
  }

  async #checkLater(input: unknown, walk: InputWalk, options: CheckOptions): Promise<Checked> {
    const share = new TurnShare();
    try {
      // To list the keys of a very wide input has taken a share already.
      if (share.due || walk.wideKeys.size > 0) await share.yieldTurn();
      while (!walk.advance(PARTS_A_LOOK)) if (share.due) await share.yieldTurn();
      if (walk.depth > DEFAULT_MAX_INPUT_DEPTH) return refuseInput(TOO_DEEP, share.usedMs);
      const filled = await runInShares(fillDefaults(this.#options.defaults, input, walk.wideKeys), share);
      const checked = await this.#checkInLoop(input, filled, walk, share, options);
      return checked === undefined
        ? await this.#checkInThread(input, filled, walk, share, options)
        : { ...checked, usedMs: share.usedMs };
    } catch (error) {
      return refuseInput(`cannot be checked: ${toErrorMessage(error)}`, share.usedMs);
    }
  }

  async #checkInLoop(
    input: unknown,
    filled: unknown,
    size: InputSize,
    share: TurnShare,
    options: CheckOptions,
  ): Promise<Checked | undefined> {
    if (!this.#options.fitsLoop) return undefined;
    if (share.due) await share.yieldTurn();
    const compiled = this.compile();
    if (share.due) await share.yieldTurn();
    return this.#checkHere(compiled, input, filled, size, LOOP_STEPS, options);
  }

  async #checkInThread(
    input: unknown,
    filled: unknown,
    size: InputSize,
    share: TurnShare,
    options: CheckOptions,
  ): Promise<Checked> {
    const schema = { ...this.#options, document: this.#document, maxMs: DEFAULT_MAX_CHECK_MS };
    const first = await checkInThread(schema, filled, size, options);
    const usedMs = share.usedMs + first.usedMs;
    if (first.verdict.ok) return { ok: true, value: filled, usedMs };
    if (filled === input) return { ...first.verdict, usedMs };
    const bare = await checkInThread(schema, input, size, options);
    const total = usedMs + bare.usedMs;
    if (!bare.verdict.ok) return { ...bare.verdict, usedMs: total };
    const rest = toRest(input, filled, first.verdict, size);
    if (rest === undefined) return { ok: true, value: input, usedMs: total };
    const again = await checkInThread(schema, rest, size, options);
    return { ok: true, value: again.verdict.ok ? rest : input, usedMs: total + again.usedMs };
  }

  #fillHere(input: unknown): unknown {
    const { defaults } = this.#options;
    return defaults === undefined ? input : runAtOnce(fillDefaults(defaults, input));
  }
}

interface Bounds {
  readonly size: InputSize;
  readonly steps: number;
  readonly options: CheckOptions;
}

/**
 * The verdict on an input that does not fit with the defaults of its schema. What was given is what is judged: a default makes
 * no input wrong that is right without it.
 */
function judge(
  compiled: CompiledSchema,
  input: unknown,
  filled: unknown,
  { size, steps, options }: Bounds,
): Checked | undefined {
  const interest = { optionalNulls: options.optionalNulls, wideKeys: size.wideKeys };
  const bound: Bound = (job, maxErrors) => workMeter.measure(job, steps, size, maxErrors);
  const verdict = compiled.check(filled, bound, interest);
  if (verdict === undefined) return undefined;
  if (verdict.ok) return { ok: true, value: filled };
  if (filled === input) return verdict;
  const bare = compiled.check(input, bound, interest);
  if (bare?.ok !== true) return bare;
  const rest = toRest(input, filled, verdict, size);
  const isRestRight = rest !== undefined && compiled.check(rest, bound, interest)?.ok === true;
  return { ok: true, value: isRestRight ? rest : input };
}

/** Problems of defaults that are taken out one by one; with more, no default is filled in. */
const MAX_REFUSED_DEFAULTS = 20;

/** An input with the defaults that were not refused, where that can be told in short time. */
function toRest(input: unknown, filled: unknown, verdict: Verdict, size: InputSize): unknown {
  if (verdict.ok || size.parts > PARTS_A_LOOK || verdict.issues.length > MAX_REFUSED_DEFAULTS) {
    return undefined;
  }
  return withoutRefused(
    input,
    filled,
    verdict.issues.map(({ path }) => path),
  );
}
