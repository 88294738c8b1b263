/**
 * What the translation of one request to Converse knows besides the request: the model, the names that were given, who
 * hears of what is left out, and what becomes of fields that Converse has no form for.
 *
 * Guarantee: a field that a client set is carried, refused by its name, or left out with a notice; never left out in
 * silence. `null` and what is not there ask for nothing.
 */
import { ToolscriptError } from "../../errors.ts";
import { isRecord } from "../is-record.ts";
import type { NoteDrop } from "./bedrock-caller.ts";
import { type ModelFamily, toModelFamily } from "./model-id.ts";
import { UniqueNames } from "./unique-names.ts";

/** What becomes of a field that Converse cannot carry and that the answer depends on. */
export type UnsupportedFields = "refuse" | "drop";

/** Options of a translation. */
export interface ConverseContextOptions {
  readonly unsupported?: UnsupportedFields;
  readonly drop?: NoteDrop;
}

/** The context of one translation. */
export class ConverseContext {
  readonly modelId: string;
  readonly family: ModelFamily;
  /** Names of documents: Bedrock refuses a request with two of one name. */
  readonly documentNames = new UniqueNames(MAX_DOCUMENT_NAME);
  readonly #unsupported: UnsupportedFields;
  readonly #drop: NoteDrop;
  readonly #dropped = new Set<string>();

  /** @param modelId - an id that names the model */
  constructor(modelId: string, { unsupported = "refuse", drop = () => {} }: ConverseContextOptions = {}) {
    this.modelId = modelId;
    this.family = toModelFamily(modelId);
    this.#unsupported = unsupported;
    this.#drop = drop;
  }

  /** Whether the model may be a Claude: then what Converse has no field for can travel beside it. */
  get isClaude(): boolean {
    return this.family === "claude";
  }

  /** Tells, once, of a field without which the answer is the same. */
  drop(field: string, reason: string): void {
    if (this.#dropped.has(field)) return;
    this.#dropped.add(field);
    this.#drop(field, reason);
  }

  /** Converse cannot carry it. @throws {ToolscriptError} `model-request`, unless such fields are to be left out */
  refuse(what: string, path: string): void {
    if (this.#unsupported === "refuse") throw cannotExpress(what, path, this.family);
    this.drop(path, `Converse has no form for ${what}`);
  }

  /** Checks the keys of a part of the request. @throws {ToolscriptError} `model-request` for one that is not known */
  checkKeys(part: object, carried: ReadonlySet<string>, path: string, harmless?: Harmless): void {
    for (const [key, value] of Object.entries(part)) {
      if (carried.has(key) || asksNothing(value)) continue;
      const reason = harmless !== undefined && Object.hasOwn(harmless, key) ? harmless[key] : undefined;
      const field = path === "" ? key : `${path}.${key}`;
      if (reason === undefined) this.refuse(`"${key}"`, field);
      else if (reason !== "") this.drop(field, reason);
    }
  }
}

/** Keys that can be left out → why; an empty text where there is nothing to tell. */
export type Harmless = Readonly<Record<string, string>>;

/** Longest name of a document. */
const MAX_DOCUMENT_NAME = 200;

/** The error for something that Converse cannot carry. */
export function cannotExpress(what: string, path: string, family: ModelFamily = "other"): ToolscriptError {
  const remedy =
    family === "unknown"
      ? `remove it or, if this ARN is a Claude model, say which by "model" ("claude-sonnet-5")`
      : `remove it or use a Claude model with "api" set to "invoke"`;
  return new ToolscriptError(
    "model-request",
    `Cannot call the model over Converse: it has no form for ${what} at "${path}"; ${remedy}`,
  );
}

/** Whether a value says no more than its absence: null, false, nothing in a list or in an object. */
export function asksNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}
