/**
 * The parameters of a tool, read off its input schema: names, order, which are required, and whether Python can
 * take them as keywords.
 */
import { resolveObject } from "./schema-view.ts";
import type { JsonSchema } from "./tool.ts";
import { isPythonIdentifier } from "./python-words.ts";

/** One parameter. */
export interface Parameter {
  readonly name: string;
  /** Its JSON Schema: an object or a boolean. */
  readonly schema: unknown;
  readonly required: boolean;
}

/** What {@link toParameters} gives. */
export interface Parameters {
  /** Required ones first, each group in the order of the schema. */
  readonly parameters: readonly Parameter[];
  /** False when a name is no identifier, or the fields are not known: the tool then takes one dict. */
  readonly areKeywords: boolean;
  /** The input is a choice between shapes. */
  readonly hasUnion: boolean;
  /** Schema of further fields, when the input schema allows them expressly. */
  readonly others: unknown;
}

const known = new WeakMap<JsonSchema, Parameters>();

/**
 * Reads the parameters of an input schema. Never throws: an odd schema has no parameters. They are kept with the schema, for
 * a tool is asked for them again and again.
 */
export function toParameters(inputSchema: JsonSchema): Parameters {
  const parameters = known.get(inputSchema) ?? readParameters(inputSchema);
  known.set(inputSchema, parameters);
  return parameters;
}

function readParameters(inputSchema: JsonSchema): Parameters {
  const view = resolveObject(inputSchema, inputSchema);
  const all = view.properties;
  const parameters = [...all.filter((one) => one.required), ...all.filter((one) => !one.required)];
  const isOpen = view.others !== undefined && view.others !== false;
  return {
    parameters,
    areKeywords:
      !view.hasUnion &&
      parameters.every(({ name }) => isPythonIdentifier(name)) &&
      !(parameters.length === 0 && isOpen),
    hasUnion: view.hasUnion,
    others: isOpen ? view.others : undefined,
  };
}
