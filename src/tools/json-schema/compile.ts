/**
 * Compiles a JSON Schema with Ajv. What comes out pays for its work with the steps of the meter, so a check in the loop
 * can be ended; in a thread, whose meter has no end, it runs to its end.
 */
import {
  _,
  Ajv,
  type CodeKeywordDefinition,
  type KeywordCxt,
  Name,
  type Options,
  type ValidateFunction,
} from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type PatternCost, toPatternCost } from "../patterns/pattern-cost.ts";
import type { JsonSchema } from "../tool.ts";
import { METERED_FORMATS } from "./formats.ts";
import { toRegExp } from "./pattern.ts";
import { prepareSchema, WORK_KEYWORD, type WorkNote } from "./prepare.ts";
import { workMeter } from "./work-meter.ts";

/** What is to be compiled. */
export interface CompileOptions {
  /** The dialect before 2019-09. */
  readonly isOldDraft: boolean;
  readonly hasUnevaluated: boolean;
  readonly hasChoicesOfReferences: boolean;
  /** Some part that is referred to is not known to be a schema. Then checks do not pay for their work. */
  readonly hasOddReference: boolean;
  /** Whether a text has to fit the `format` of its schema, or that is a note. */
  readonly checksFormats: boolean;
  /** Whether all problems are collected, or only the first one. */
  readonly allErrors: boolean;
}

/** @throws {Error} when the schema is not valid */
export function compileSchema(schema: JsonSchema, options: CompileOptions): ValidateFunction {
  const { isOldDraft, hasOddReference, allErrors, checksFormats: validateFormats } = options;
  const { $schema: _dialect, ...document } = hasOddReference ? schema : prepareSchema(schema, options);
  const ajv = isOldDraft
    ? new Ajv({ ...AJV_OPTIONS, allErrors, validateFormats })
    : new Ajv2020({ ...AJV_OPTIONS, allErrors, validateFormats });
  if (!hasOddReference) ajv.addKeyword(WORK_DEFINITION);
  return ajv.compile(document);
}

class MeteredRegExp {
  readonly #regExp: RegExp;
  #cost: PatternCost | undefined;
  readonly #toCost: PatternCost;

  constructor(pattern: string) {
    const regExp = toRegExp(pattern);
    this.#regExp = regExp;
    this.#toCost = (chars) => (this.#cost ??= toPatternCost(regExp.source, regExp.flags))(chars);
  }

  test(text: string): boolean {
    workMeter.takePattern(this.#toCost, text.length);
    return this.#regExp.test(text);
  }

  /** Ajv tells patterns apart by it. */
  toString(): string {
    return String(this.#regExp);
  }
}

const AJV_OPTIONS: Options = {
  strict: false,
  verbose: true,
  logger: false,
  meta: false,
  validateSchema: false,
  // An inlined reference is compiled once for each use, which a schema of references to references multiplies.
  inlineRefs: false,
  ownProperties: true,
  formats: METERED_FORMATS,
  // 19.99 is a multiple of 0.01, although not in binary fractions.
  multipleOfPrecision: 8,
  code: {
    optimize: false,
    // `code` names the engine where a schema is written to a file, which is not done here.
    regExp: Object.assign((pattern: string) => new MeteredRegExp(pattern) as unknown as RegExp, {
      code: "new RegExp",
    }),
  },
};

/** The keyword that `prepareSchema` puts into each schema. It stands before all others that are not for numbers and strings. */
const WORK_DEFINITION: CodeKeywordDefinition = {
  keyword: WORK_KEYWORD,
  schemaType: "object",
  before: "$ref",
  code(context: KeywordCxt) {
    const { gen, data, it } = context;
    const { keywords, listings, pairs, isChoice } = context.schema as WorkNote;
    const meter = gen.scopeValue("obj", { ref: workMeter });
    gen.code(isChoice ? _`${meter}.takeChoice(${keywords})` : _`${meter}.takeParts(${keywords})`);
    for (let listing = 0; listing < listings; listing += 1) gen.code(_`${meter}.takeKeys(${data})`);
    if (pairs !== "none") gen.code(_`${meter}.takePairs(${data}, ${pairs === "scalars"})`);
    if (it.allErrors === true) gen.code(_`${meter}.countErrors(${new Name("errors")})`);
  },
};
