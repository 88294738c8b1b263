/**
 * Keys of an input that the tool's signature does not have: what Python itself would refuse as an unexpected keyword.
 *
 * A schema may allow them without a word (a JSON Schema without `additionalProperties`), or its library may drop them (Zod,
 * Valibot). Either way a misspelt argument has no effect that anybody meant, so whoever called is to hear of it.
 */
import { toPathText, toShown } from "./input-message.ts";
import { findNearName } from "./near-name.ts";
import { isSchemaObject, mergeParts, type SchemaObject, toObjectView } from "./schema-view.ts";
import type { JsonSchema } from "./tool.ts";

/** A key that the signature does not have. */
export interface UnknownKey {
  readonly path: readonly (string | number)[];
  /** The key that was probably meant, of those that were not given. */
  readonly meant: string | undefined;
  /** The names that the signature has there. */
  readonly known: readonly string[];
  /** Whether the check took the key away, so that the tool cannot see it. */
  readonly isDropped: boolean;
}

/** Keys that are told; of more, something else is wrong. */
const MAX_UNKNOWN_KEYS = 12;
/** Values looked into; large inputs are data, and not misspelt. */
const MAX_VISITED = 1_000;
/** Names listed when none is near. */
const MAX_LISTED_NAMES = 20;

const NOTHING: readonly UnknownKey[] = [];

/**
 * Finds the keys of `input` that `schema` does not know, in objects inside as well.
 *
 * @param value what the check made of the input; undefined when it refused it
 */
export function findUnknownKeys(schema: JsonSchema, input: unknown, value: unknown): readonly UnknownKey[] {
  if (isFlatAndKnown(schema, input)) return NOTHING;
  const search: Search = { root: schema, found: [], visited: 0 };
  visit(search, schema, input, value, []);
  return search.found;
}

interface Search {
  readonly root: JsonSchema;
  readonly found: UnknownKey[];
  visited: number;
}

interface Names {
  readonly properties: ReadonlyMap<string, unknown>;
  readonly names: readonly string[];
  /** Further keys are allowed expressly. */
  readonly isOpen: boolean;
}

const knownNames = new WeakMap<object, Names | null>();

/** What nearly every input is: no objects inside, and every key declared. */
function isFlatAndKnown(schema: JsonSchema, input: unknown): boolean {
  const names = knownNames.get(schema);
  if (names === undefined || typeof input !== "object" || input === null) return false;
  if (names === null) return true;
  for (const key in input) {
    const value = (input as Readonly<Record<string, unknown>>)[key];
    if ((typeof value === "object" && value !== null) || !names.properties.has(key)) return false;
  }
  return true;
}

function visit(
  search: Search,
  schema: unknown,
  input: unknown,
  value: unknown,
  path: readonly (string | number)[],
): void {
  if (!isSchemaObject(schema) || typeof input !== "object" || input === null) return;
  search.visited += 1;
  if (search.visited > MAX_VISITED || search.found.length >= MAX_UNKNOWN_KEYS) return;
  if (Array.isArray(input)) {
    visitItems(search, schema, input, value, path);
    return;
  }
  const names = toNames(schema, search.root);
  if (names === null) return;
  for (const key of Object.keys(input)) {
    if (search.found.length >= MAX_UNKNOWN_KEYS) return;
    const inside = (input as Readonly<Record<string, unknown>>)[key];
    const kept: unknown = isSchemaObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    if (names.properties.has(key)) visit(search, names.properties.get(key), inside, kept, [...path, key]);
    else addUnknown(search, names, input, value, [...path, key]);
  }
}

function visitItems(
  search: Search,
  schema: SchemaObject,
  input: readonly unknown[],
  value: unknown,
  path: readonly (string | number)[],
): void {
  const { schema: merged } = mergeParts(schema, search.root);
  for (const [index, item] of input.entries()) {
    if (search.visited > MAX_VISITED) return;
    search.visited += 1;
    visit(search, merged["items"], item, Array.isArray(value) ? value[index] : undefined, [...path, index]);
  }
}

function addUnknown(
  search: Search,
  { names, isOpen }: Names,
  input: object,
  value: unknown,
  path: readonly (string | number)[],
): void {
  const key = String(path.at(-1));
  const meant = findNearName(
    key,
    names.filter((name) => !Object.hasOwn(input, name)),
  );
  // Where anything may stand, only what looks misspelt is worth a word.
  if (isOpen && meant === undefined) return;
  const isDropped = isSchemaObject(value) && !Object.hasOwn(value, key);
  search.found.push({ path, meant, known: names, isDropped: isDropped && !isOpen });
}

/** The names of an object schema; null where the schema does not tell them. */
function toNames(schema: SchemaObject, root: JsonSchema): Names | null {
  const kept = knownNames.get(schema);
  if (kept !== undefined) return kept;
  const made = readNames(schema, root);
  knownNames.set(schema, made);
  return made;
}

function readNames(schema: SchemaObject, root: JsonSchema): Names | null {
  const merged = mergeParts(schema, root);
  const view = toObjectView(merged);
  if (view.hasUnion || view.properties.length === 0) return null;
  const isOpen =
    (view.others !== undefined && view.others !== false) ||
    merged.parts.some((part) => OPEN_KEYWORDS.some((keyword) => Object.hasOwn(part, keyword)));
  return {
    properties: new Map(view.properties.map((one) => [one.name, one.schema])),
    names: view.properties.map(({ name }) => name),
    isOpen,
  };
}

/** Keywords by which a schema speaks of keys that are no properties. */
const OPEN_KEYWORDS = [
  "patternProperties",
  "propertyNames",
  "dependentSchemas",
  "if",
  "unevaluatedProperties",
];

/** What to say of a key: `"sate" is not a parameter of "search_issues"; did you mean "state"?` */
export function toUnknownKeyText(toolName: string, key: UnknownKey): string {
  const isInside = key.path.length > 1;
  const where = isInside ? `field of "${toPathText(key.path.slice(0, -1))}"` : `parameter of "${toolName}"`;
  return `${toSubject(key)}${where}; ${toRemedy(key)}`;
}

/** Whether a message has told of the key already. */
export function tellsOf(message: string, key: UnknownKey): boolean {
  return message.includes(toSubject(key));
}

function toSubject({ path }: UnknownKey): string {
  return `${toShown(path.at(-1))} is not a `;
}

function toRemedy({ meant, known }: UnknownKey): string {
  if (meant !== undefined) return `did you mean ${toShown(meant)}?`;
  const listed = known.slice(0, MAX_LISTED_NAMES).map((name) => toShown(name));
  const rest = known.length - listed.length;
  return `there ${known.length === 1 ? "is" : "are"} ${listed.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
