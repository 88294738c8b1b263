/**
 * Prints JSON Schemas as Python types. Objects become shapes: written inline when they are small and used once,
 * otherwise as a `TypedDict` of their own, printed once, however many tools use it.
 *
 * All output is valid Python syntax. The work is bounded for any schema; what goes over a bound becomes `Any`.
 */
import { mayFit } from "./json-schema/may-fit.ts";
import { followPointer } from "./json-schema/pointer.ts";
import { toLimits } from "./python-notes.ts";
import type { ShapeField } from "./python-shapes.ts";
import { ShapeBook } from "./python-shapes.ts";
import { toCommentText, toPythonLiteral, toSingular, toPascalCase } from "./python-text.ts";
import type { SignatureWork } from "./signature-work.ts";
import {
  isSchemaObject,
  isShape,
  type MergedSchema,
  mergeParts,
  type PropertyView,
  type SchemaObject,
  toArray,
  toBranches,
  toObjectView,
} from "./schema-view.ts";

/** Levels of nested types. */
export const DEFAULT_MAX_TYPE_DEPTH = 12;
/** Schemas visited for one tool. */
export const DEFAULT_MAX_TYPE_NODES = 2_000;
/** Alternatives of one union. */
export const DEFAULT_MAX_UNION_MEMBERS = 8;
/** Values of one `Literal`, and their characters together. */
export const DEFAULT_MAX_LITERALS = 24;
const DEFAULT_MAX_LITERALS_CHARS = 400;
/** Fields of one shape. */
export const DEFAULT_MAX_SHAPE_FIELDS = 80;
/** Characters of the comment at one field or parameter. */
export const DEFAULT_MAX_NOTE_CHARS = 200;
/** Characters of a default value. */
const DEFAULT_MAX_DEFAULT_CHARS = 100;
/** Characters of one type without the shapes that it names. */
const DEFAULT_MAX_TYPE_CHARS = 1_000;

/** Values of a long list that its type is read off. */
const MAX_TYPED_VALUES = 100;
/** Characters of a value that is shown as an example of a long list. */
const MAX_SHOWN_VALUE_CHARS = 39;

/** What costs a unit of work: characters of a name, parts of a schema that are merged. */
const CHARS_A_UNIT = 64;
const PARTS_A_UNIT = 1;
const VALUES_A_UNIT = 4;

/** A type with the comment that belongs to it. */
export interface PythonType {
  /** Alternatives, `None` last; empty for `Any`. May hold placeholders of the {@link ShapeBook}. */
  readonly members: readonly string[];
  /** Values of a `Literal`, printed before the members. */
  readonly literals: readonly string[];
  readonly note: string;
}

/** Where a schema stands. */
interface Place {
  readonly root: SchemaObject;
  /** What a shape found here may be called. */
  readonly hint: string;
  readonly depth: number;
  readonly isInput: boolean;
}

const ANY: PythonType = { members: [], literals: [], note: "" };
const SIMPLE: Readonly<Record<string, string>> = {
  string: "str",
  integer: "int",
  number: "float",
  boolean: "bool",
  null: "None",
};

/** Prints the types of one set of signatures; shapes are shared between them. */
export class PythonTypes {
  readonly shapes: ShapeBook;
  readonly #withNotes: boolean;
  readonly #work: SignatureWork;
  readonly #active = new Map<unknown, { id: number | undefined }>();
  /** Types of the schemas of one document that have been read. */
  #known = new Map<unknown, PythonType>();
  #nodes = 0;

  constructor(takenNames: Iterable<string>, withNotes: boolean, work: SignatureWork) {
    this.shapes = new ShapeBook(takenNames);
    this.#withNotes = withNotes;
    this.#work = work;
  }

  /** The type of a whole schema, which is also what its references are resolved in. */
  toType(schema: SchemaObject, hint: string, isInput: boolean): PythonType {
    this.#begin();
    return this.#visit(schema, { root: schema, hint, depth: 0, isInput });
  }

  /** The fields of an object schema, for a parameter list. */
  toFields(schema: SchemaObject, isInput: boolean): ShapeField[] {
    this.#begin();
    return this.#toFields(mergeParts(schema, schema), { root: schema, hint: "Input", depth: 0, isInput });
  }

  /** The type of a part of an input schema. */
  toPartType(part: unknown, root: SchemaObject, hint: string): PythonType {
    return this.#visit(part, { root, hint, depth: 0, isInput: true });
  }

  #begin(): void {
    this.#nodes = 0;
    this.#known = new Map();
  }

  #visit(schema: unknown, place: Place): PythonType {
    this.#nodes += 1;
    if (!isSchemaObject(schema)) return ANY;
    if (place.depth > DEFAULT_MAX_TYPE_DEPTH || this.#nodes > DEFAULT_MAX_TYPE_NODES) return ANY;
    if (!this.#work.take(1)) return ANY;
    const { target, hint } = this.#toTarget(schema, place);
    const known = this.#known.get(target);
    if (known !== undefined) return known;
    const active = this.#active.get(target);
    if (active !== undefined) {
      active.id ??= this.shapes.reserve(hint);
      return { ...ANY, members: [this.shapes.refer(active.id)] };
    }
    const entry: { id: number | undefined } = { id: undefined };
    this.#active.set(target, entry);
    const merged = mergeParts(target, place.root);
    const isAffordable = this.#work.take(merged.parts.length / PARTS_A_UNIT);
    const type = isAffordable ? this.#print(merged, { ...place, hint }, entry) : ANY;
    this.#active.delete(target);
    const finished = this.#finish(toBounded(type), entry.id);
    this.#known.set(target, finished);
    return finished;
  }

  /** Follows a chain of plain references, and takes the name of the last one for a hint. */
  #toTarget(schema: SchemaObject, place: Place): { target: SchemaObject; hint: string } {
    let target = schema;
    let { hint } = place;
    for (let steps = 0; steps < DEFAULT_MAX_TYPE_DEPTH && typeof target["$ref"] === "string"; steps += 1) {
      const reference = target["$ref"];
      if (hasMore(target) || !this.#work.take(reference.length / CHARS_A_UNIT)) break;
      const next = followPointer(reference, place.root);
      if (!isSchemaObject(next)) break;
      const name = reference.slice(reference.lastIndexOf("/") + 1);
      if (name !== "" && name !== "#") hint = toPascalCase(name);
      target = next;
    }
    return { target, hint };
  }

  /** Gives a type that refers to itself its name. */
  #finish(type: PythonType, id: number | undefined): PythonType {
    if (id === undefined || this.shapes.isDefined(id)) return type;
    this.shapes.defineAlias(id, toTypeText(type));
    return { ...ANY, members: [this.shapes.refer(id)] };
  }

  #print(merged: MergedSchema, place: Place, entry: { id: number | undefined }): PythonType {
    const { schema } = merged;
    const note = this.#withNotes ? toLimits(schema, place.isInput) : "";
    const values = "const" in schema ? [schema["const"]] : schema["enum"];
    if (Array.isArray(values)) {
      return this.#work.take(Math.min(values.length, MAX_TYPED_VALUES) / VALUES_A_UNIT)
        ? toLiterals(values)
        : ANY;
    }
    const branches = toBranches(schema);
    if (branches.some(isShape)) return this.#printUnion(merged, branches, place);
    const types = toTypeNames(schema);
    const parts = types.map((type) => {
      if (type === "array") return this.#printArray(schema, place);
      if (type === "object") return this.#printObject(merged, place, entry);
      const simple = SIMPLE[type];
      return simple === undefined ? ANY : { ...ANY, members: [simple] };
    });
    const joined = join(parts);
    return { ...joined, note: joinNotes([note, joined.note]) };
  }

  #printUnion(
    { schema, parts: whole }: MergedSchema,
    branches: readonly unknown[],
    place: Place,
  ): PythonType {
    const inner = { ...place, depth: place.depth + 1 };
    // What stands beside the choice belongs to each of its branches.
    const hasProperties = whole.some((part) => "properties" in part);
    const base = hasProperties ? whole.map(withoutChoice) : [];
    const parts = branches
      .slice(0, DEFAULT_MAX_UNION_MEMBERS)
      .map((branch) => this.#visit(hasProperties ? { allOf: [branch, ...base] } : branch, inner));
    if (schema["nullable"] === true) parts.push({ ...ANY, members: ["None"] });
    return branches.length > DEFAULT_MAX_UNION_MEMBERS ? ANY : join(parts);
  }

  #printArray(schema: SchemaObject, place: Place): PythonType {
    const inner = { ...place, hint: toSingular(place.hint), depth: place.depth + 1 };
    const tuple = toArray(schema["prefixItems"] ?? schema["items"]).slice(0, DEFAULT_MAX_LITERALS);
    if (tuple.length > 0) {
      const items = tuple.map((item) => toTypeText(this.#visit(item, inner)));
      return { ...ANY, members: [`tuple[${items.join(", ")}]`] };
    }
    const item = this.#visit(schema["items"], inner);
    const text = toTypeText(item);
    return { ...ANY, members: [text === "Any" ? "list" : `list[${text}]`], note: item.note };
  }

  #printObject(merged: MergedSchema, place: Place, entry: { id: number | undefined }): PythonType {
    const view = toObjectView(merged, 1);
    if (view.properties.length === 0) {
      const value = toTypeText(this.#visit(view.others, { ...place, depth: place.depth + 1 }));
      return { ...ANY, members: [value === "Any" ? "dict" : `dict[str, ${value}]`] };
    }
    const fields = this.#toFields(merged, place);
    const id = this.shapes.define(entry.id, place.hint, fields);
    return { ...ANY, members: [this.shapes.refer(id)] };
  }

  #toFields(merged: MergedSchema, place: Place): ShapeField[] {
    const { properties } = toObjectView(merged, DEFAULT_MAX_SHAPE_FIELDS);
    const affordable = properties.filter((property) => this.#work.take(this.#toTextWork(property)));
    return affordable.map((property) => {
      const inner = { ...place, hint: toPascalCase(property.name), depth: place.depth + 1 };
      const type = this.#visit(property.schema, inner);
      return {
        name: property.name,
        type: toTypeText(type),
        isRequired: property.required,
        note: this.#toNote(property.schema, type),
        defaultText:
          place.isInput && !property.required ? toDefaultText(property.schema, place.root) : undefined,
      };
    });
  }

  /** What the texts of a property cost. */
  #toTextWork({ name, schema }: PropertyView): number {
    const description = this.#withNotes && isSchemaObject(schema) ? schema["description"] : undefined;
    const most = 4 * DEFAULT_MAX_NOTE_CHARS;
    return (
      (name.length + (typeof description === "string" ? Math.min(description.length, most) : 0)) /
      CHARS_A_UNIT
    );
  }

  /** The comment at a property: what its author wrote, then its limits. */
  #toNote(schema: unknown, type: PythonType): string {
    if (!this.#withNotes || !isSchemaObject(schema)) return "";
    const { description } = schema;
    const text = typeof description === "string" ? description : "";
    return toCommentText(joinNotes([text, type.note]), DEFAULT_MAX_NOTE_CHARS);
  }
}

/** The default of a property; nothing where the property would be refused with it. */
function toDefaultText(schema: unknown, root: SchemaObject): string | undefined {
  if (!isSchemaObject(schema) || !("default" in schema)) return undefined;
  if (!mayFit(schema, schema["default"], root)) return undefined;
  return toPythonLiteral(schema["default"], DEFAULT_MAX_DEFAULT_CHARS) ?? "...";
}

/** A type whose text is not too long to be read; unions within unions multiply. */
function toBounded(type: PythonType): PythonType {
  const chars = type.members.reduce((sum, member) => sum + member.length, 0);
  return chars > DEFAULT_MAX_TYPE_CHARS ? ANY : type;
}

/** A part of a schema without its choices, and without what it was merged from. */
function withoutChoice(part: SchemaObject): SchemaObject {
  const { anyOf: _anyOf, oneOf: _oneOf, allOf: _allOf, $ref: _ref, ...rest } = part;
  return rest;
}

/** Whether a reference stands beside keywords that change the type. */
function hasMore(schema: SchemaObject): boolean {
  const { $ref: _ref, ...rest } = schema;
  return isShape(rest);
}

function toTypeNames(schema: SchemaObject): readonly string[] {
  const { type } = schema;
  const names = (Array.isArray(type) ? (type as unknown[]) : [type ?? toImpliedType(schema)]).filter(
    (name) => typeof name === "string",
  );
  return schema["nullable"] === true ? [...names, "null"] : names;
}

function toImpliedType(schema: SchemaObject): string | undefined {
  if ("properties" in schema || "additionalProperties" in schema) return "object";
  return "items" in schema || "prefixItems" in schema ? "array" : undefined;
}

function toLiterals(values: readonly unknown[]): PythonType {
  const few = values.length > DEFAULT_MAX_LITERALS ? [] : values;
  const texts = few.map((value) => toPythonLiteral(value, DEFAULT_MAX_LITERALS_CHARS));
  const isSmall =
    few.length > 0 &&
    texts.every((text) => text !== undefined) &&
    texts.join("").length <= DEFAULT_MAX_LITERALS_CHARS &&
    few.every((value) => typeof value !== "object" || value === null);
  if (isSmall) return { ...ANY, literals: texts.filter((text) => text !== undefined) };
  const members = [...new Set(values.slice(0, MAX_TYPED_VALUES).map(toValueType))];
  const shown = values
    .slice(0, MAX_TYPED_VALUES)
    .map((value) => toPythonLiteral(value, MAX_SHOWN_VALUE_CHARS))
    .filter((text) => text !== undefined)
    .slice(0, 5);
  return { ...ANY, members, note: shown.length > 0 ? `one of ${shown.join(", ")}, …` : "" };
}

function toValueType(value: unknown): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "dict";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return typeof value === "boolean" ? "bool" : "str";
}

/** The union of several types. */
function join(parts: readonly PythonType[]): PythonType {
  if (parts.some((part) => part.members.length === 0 && part.literals.length === 0)) return ANY;
  const members = [...new Set(parts.flatMap((part) => part.members))];
  const literals = [...new Set(parts.flatMap((part) => part.literals))];
  const note = joinNotes([...new Set(parts.map((part) => part.note))]);
  return { members: members.toSorted((a, b) => Number(a === "None") - Number(b === "None")), literals, note };
}

function joinNotes(notes: readonly string[]): string {
  return notes.filter((note) => note !== "").join("; ");
}

/** A type as text. */
export function toTypeText(type: PythonType): string {
  const literals = type.literals.length === 0 ? [] : [`Literal[${type.literals.join(",")}]`];
  return [...literals, ...type.members].join(" | ") || "Any";
}
