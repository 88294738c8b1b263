/**
 * Checks tool inputs against a JSON Schema from outside: 2020-12, and the older drafts back to 06.
 *
 * A schema that cannot be used is refused when the tool is declared. Neither reading a schema nor checking an input holds
 * the event loop: what may take long runs in a thread, under a deadline. Nothing is fetched: a `$ref` leads inside the schema.
 */
import { hash } from "node:crypto";
import { ToolscriptError, toErrorMessage } from "../errors.ts";
import type { CheckInput } from "./check-input.ts";
import { shorten } from "./input-message.ts";
import { checkDocument, type DocumentFacts } from "./json-schema/check-document.ts";
import { toDefaultPlan } from "./json-schema/defaults.ts";
import { withoutAnnotations } from "./json-schema/prepare.ts";
import { keepCached, takeCached } from "./json-schema/schema-cache.ts";
import { SchemaInput } from "./json-schema/schema-input.ts";
import type { SchemaFacts } from "./schema-bounds.ts";
import { inspectSchema } from "./schema-bounds.ts";
import { inspectInThread } from "./thread/inspect-in-thread.ts";
import type { ThreadSchema } from "./thread/thread-messages.ts";
import type { JsonSchema } from "./tool.ts";
import type { WorkBudget } from "./work-budget.ts";

/** Parts of a schema up to which it is compiled in the loop: about 12 ms. */
const MAX_LOOP_NODES = 400;
/** Characters of its texts, and of its patterns: an engine compiles a pattern when it is first used, 5 µs a character. */
const MAX_LOOP_CHARS = 50_000;
const MAX_LOOP_PATTERN_CHARS = 2_000;
/** Characters of a reason that goes into an error. */
const MAX_REASON_CHARS = 400;

/** Parts of a schema from which it is compiled when it is declared, since that may take too long. */
const MIN_COMPILED_NODES = 2_000;

/** Options of {@link compileJsonSchema}. */
export interface CompileJsonSchemaOptions {
  /** Fill in `default`s where a property is missing. */
  readonly useDefaults: boolean;
  /** Whether a text has to fit the `format` of its schema. @default false: it is a note, as JSON Schema has it */
  readonly checksFormats?: boolean;
  /** How the schema is named in an error. */
  readonly what: string;
}

/**
 * Makes the check of a schema that is part of this program. It is compiled here, unless it is large: then a thread does
 * it, for the first input.
 *
 * @throws {ToolscriptError} `invalid-tool` when the schema is not valid or not bounded
 */
export function compileJsonSchema(schema: JsonSchema, options: CompileJsonSchemaOptions): CheckInput {
  const source = new SchemaSource(schema, options);
  return source.try(() => {
    const input = source.toInput(checkDocument(schema), true);
    if (source.isSmall) input.compile();
    return toCheck(input);
  });
}

/** Options of {@link declareJsonSchema}. */
export interface DeclareJsonSchemaOptions {
  readonly what: string;
  /** Time of the request, or of the set of tools, that the schema came with. */
  readonly budget: WorkBudget;
}

/**
 * Makes the check of a schema from outside. It is compiled for its first input: a request declares many tools, of which few
 * are called.
 *
 * @throws {ToolscriptError} `invalid-tool` when the schema is not valid or not bounded, or when the budget is used up
 */
export async function declareJsonSchema(
  schema: JsonSchema,
  { what, budget }: DeclareJsonSchemaOptions,
): Promise<CheckInput> {
  const source = new SchemaSource(schema, { what, useDefaults: false });
  const known = takeCached(source.key);
  if (known !== undefined) return toCheck(known);
  const facts = source.isSmall ? source.try(() => checkDocument(schema)) : undefined;
  if (facts?.isRare === false) return toCheck(source.toKept(facts));
  const found = await inspectInThread(source.toThreadSchema(facts), source.text, source.isLarge, budget);
  if ("reason" in found) return source.refuse(new Error(found.reason));
  return toCheck(source.toKept(found));
}

function toCheck(input: SchemaInput): CheckInput {
  return (value, options) => input.check(value, options);
}

/** A schema that has been counted, and is on its way to its check. */
class SchemaSource {
  readonly text: string;
  readonly #schema: JsonSchema;
  readonly #options: CompileJsonSchemaOptions;
  readonly #facts: SchemaFacts;
  #key: string | undefined;

  /** @throws {ToolscriptError} `invalid-tool` when it is not bounded */
  constructor(schema: JsonSchema, options: CompileJsonSchemaOptions) {
    this.#schema = schema;
    this.#options = options;
    this.#facts = inspectSchema(schema, options.what);
    this.text = JSON.stringify(schema);
  }

  /** Names the schema. */
  get key(): string {
    return (this.#key ??= hash("sha256", `${this.#checksFormats ? "formats " : ""}${this.text}`, "base64"));
  }

  get #checksFormats(): boolean {
    return this.#options.checksFormats === true;
  }

  /** Whether looking through the schema, and compiling it, takes little enough for the loop. */
  get isSmall(): boolean {
    const { nodes, chars, patternChars } = this.#facts;
    return nodes <= MAX_LOOP_NODES && chars <= MAX_LOOP_CHARS && patternChars <= MAX_LOOP_PATTERN_CHARS;
  }

  /** Whether compiling it may take so long that it is better refused. */
  get isLarge(): boolean {
    return this.#facts.nodes >= MIN_COMPILED_NODES;
  }

  /** The schema, kept for when it is declared again. */
  toKept(found: DocumentFacts): SchemaInput {
    const input = this.toInput(found, false);
    keepCached(this.key, input, this.text.length);
    return input;
  }

  /** @param isOwn Whether the schema is this program's own. */
  toInput(found: DocumentFacts, isOwn: boolean): SchemaInput {
    const { nodes, lengths, hasDefaults } = this.#facts;
    const { hasOddReference } = found;
    const document = hasOddReference ? this.text : JSON.stringify(withoutAnnotations(this.#schema));
    return new SchemaInput(document, {
      ...this.toThreadSchema(found),
      fitsLoop: this.isSmall && !hasOddReference,
      isOwn,
      nodes,
      lengths,
      defaults: this.#options.useDefaults && hasDefaults ? toDefaultPlan(this.#schema) : undefined,
    });
  }

  toThreadSchema(found: DocumentFacts | undefined): ThreadSchema {
    const { isOldDraft, hasUnevaluated, hasChoicesOfReferences } = this.#facts;
    const hasOddReference = found?.hasOddReference ?? true;
    const checksFormats = this.#checksFormats;
    return {
      key: this.key,
      isOldDraft,
      hasUnevaluated,
      hasChoicesOfReferences,
      hasOddReference,
      checksFormats,
    };
  }

  try<Value>(job: () => Value): Value {
    try {
      return job();
    } catch (error) {
      return this.refuse(error);
    }
  }

  refuse(error: unknown): never {
    const reason =
      error instanceof RangeError ? "it is too large, or a reference leads to itself" : toErrorMessage(error);
    throw new ToolscriptError(
      "invalid-tool",
      `${this.#options.what} is not a valid JSON Schema: ${shorten(reason, MAX_REASON_CHARS)}`,
      { cause: error },
    );
  }
}
