/**
 * Tool schemas written in Zod 4: the JSON Schema that the model sees, and the check, which is Zod's own, so that
 * transforms, defaults and refinements apply.
 *
 * Zod checks a value at once and collects every problem. So a large value is given to it in pieces, up to the first problems, and
 * texts that a pattern could take long for are matched in a thread. Refinements and transforms are the author's own.
 */
import * as z from "zod";
import { ToolscriptError, toErrorMessage } from "../errors.ts";
import { TurnShare } from "../turn-share.ts";
import {
  type Checked,
  type CheckInput,
  type CheckOptions,
  DEFAULT_MAX_INPUT_DEPTH,
  PARTS_A_LOOK,
  refuseInput,
  SMALL_INPUT_PARTS,
  TOO_DEEP,
} from "./check-input.ts";
import type { WideKeys } from "./input-message.ts";
import { type InputSize, InputWalk } from "./input-size.ts";
import { DEFAULT_MAX_ISSUES } from "./json-schema/compiled-schema.ts";
import { measureSmall, takeListed } from "./small-input.ts";
import type { JsonSchema } from "./tool.ts";
import { areTextsCheap, runZod, type ZodResult, ZodRunner, ZodWatch } from "./zod/zod-run.ts";
import { parseInShares } from "./zod/zod-shares.ts";
import { readZodTree, type ZodTree } from "./zod/zod-tree.ts";
import { toZodIssues } from "./zod-issues.ts";

/** Whether `value` is a Zod 4 schema (classic or mini), of whichever copy of Zod. */
export function isZodSchema(value: unknown): value is z.core.$ZodType {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/**
 * The JSON Schema of a Zod schema.
 *
 * @throws {ToolscriptError} `invalid-tool` when a part has no JSON form
 */
export function toZodJsonSchema(schema: z.core.$ZodType, io: "input" | "output", what: string): JsonSchema {
  try {
    const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
    return rest;
  } catch (error) {
    const reason = toErrorMessage(error);
    throw new ToolscriptError(
      "invalid-tool",
      `${what} cannot be used: ${reason}; use types that JSON has, such as z.iso.date() for a date`,
      { cause: error },
    );
  }
}

/** Parts of a schema times parts of an input that Zod checks at once: about 10 ms at worst. */
const MAX_PRODUCT = 30_000;
const MIN_PIECE_PARTS = 16;

const NOTHING_WIDE: WideKeys = new Map();

/** The check of a Zod schema. */
export function compileZodSchema(schema: z.core.$ZodType): CheckInput {
  const check = new ZodCheck(schema);
  return (input, options) => check.check(input, options);
}

class ZodCheck {
  readonly #schema: z.core.$ZodType;
  readonly #tree: ZodTree;
  readonly #watch: ZodWatch;
  readonly #pieceParts: number;

  constructor(schema: z.core.$ZodType) {
    this.#schema = schema;
    this.#tree = readZodTree(schema);
    this.#watch = new ZodWatch(this.#tree);
    const parts = Math.floor(MAX_PRODUCT / this.#tree.size);
    this.#pieceParts = Math.min(SMALL_INPUT_PARTS, Math.max(MIN_PIECE_PARTS, parts));
  }

  check(input: unknown, options: CheckOptions): Checked | Promise<Checked> {
    const size = measureSmall(input, this.#pieceParts);
    const result = size === undefined ? undefined : this.#checkHere(input, size);
    if (result !== undefined) return result.ok ? result : toChecked(result, input, NOTHING_WIDE);
    return this.#checkLater(input, new InputWalk(input, undefined, takeListed()), options);
  }

  /** A small input, at once; undefined when some text has to be matched in a thread. */
  #checkHere(input: unknown, { parts, longestText, longestKey }: InputSize): ZodResult | undefined {
    const longest = Math.max(longestText, longestKey);
    const isPlain = this.#tree.recursiveUnions.length === 0 && areTextsCheap(this.#tree, parts, longest);
    if (isPlain) return runZod(this.#schema, input, false);
    const { result, open } = this.#watch.run(this.#schema, input, false);
    return open.size === 0 ? result : undefined;
  }

  async #checkLater(input: unknown, walk: InputWalk, options: CheckOptions): Promise<Checked> {
    const share = new TurnShare();
    const runner = new ZodRunner(this.#watch, options);
    const toUsedMs = (): number => share.usedMs + runner.usedMs;
    try {
      // To list the keys of a very wide input has taken a share already.
      if (share.due || walk.wideKeys.size > 0) await share.yieldTurn();
      while (!walk.advance(PARTS_A_LOOK)) if (share.due) await share.yieldTurn();
      if (walk.depth > DEFAULT_MAX_INPUT_DEPTH) return refuseInput(TOO_DEEP, toUsedMs());
      const result = await parseInShares(this.#schema, input, {
        share,
        run: (schema, value, abortEarly) => runner.run(schema, value, abortEarly),
        pieceParts: this.#pieceParts,
        wideKeys: walk.wideKeys,
        maxIssues: DEFAULT_MAX_ISSUES + (options.optionalNulls ?? 0),
      });
      return { ...toChecked(result, input, walk.wideKeys), usedMs: toUsedMs() };
    } catch (error) {
      return refuseInput(`cannot be checked: ${toErrorMessage(error)}`, toUsedMs());
    }
  }
}

function toChecked(result: ZodResult, input: unknown, wideKeys: WideKeys): Checked {
  if (result.ok) return result;
  if (result.issues === undefined) return refuseInput(result.text);
  return { ok: false, issues: toZodIssues(result.issues, input, wideKeys) };
}
