/**
 * Prints JSON Schemas as Python types. Objects become shapes: written inline when they are small and used once,
 * otherwise as a `TypedDict` of their own, printed once, however many tools use it.
 *
 * All output is valid Python syntax. The work is bounded for any schema; what goes over a bound becomes `Any`.
 */
import { followPointer } from "./json-schema/pointer.ts";
import { toLimits } from "./python-notes.ts";
import type { ShapeField } from "./python-shapes.ts";
import { ShapeBook } from "./python-shapes.ts";
import { toCommentText, toPythonLiteral, toSingular, toPascalCase } from "./python-text.ts";
import type { SchemaObject } from "./schema-view.ts";
import {
  isSchemaObject,
  isShape,
  mergeParts,
  resolveObject,
  toArray,
  toBranches,
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
  readonly #active = new Map<unknown, { id: number | undefined }>();
  #nodes = 0;

  constructor(takenNames: Iterable<string>, withNotes: boolean) {
    this.shapes = new ShapeBook(takenNames);
    this.#withNotes = withNotes;
  }

  /** The type of a whole schema, which is also what its references are resolved in. */
  toType(schema: SchemaObject, hint: string, isInput: boolean): PythonType {
    this.#nodes = 0;
    return this.#visit(schema, { root: schema, hint, depth: 0, isInput });
  }

  /** The fields of an object schema, for a parameter list. */
  toFields(schema: SchemaObject, isInput: boolean): ShapeField[] {
    this.#nodes = 0;
    return this.#toFields(schema, { root: schema, hint: "Input", depth: 0, isInput });
  }

  /** The type of a part of an input schema. */
  toPartType(part: unknown, root: SchemaObject, hint: string): PythonType {
    return this.#visit(part, { root, hint, depth: 0, isInput: true });
  }

  #visit(schema: unknown, place: Place): PythonType {
    this.#nodes += 1;
    if (!isSchemaObject(schema)) return ANY;
    if (place.depth > DEFAULT_MAX_TYPE_DEPTH || this.#nodes > DEFAULT_MAX_TYPE_NODES) return ANY;
    const { target, hint } = toTarget(schema, place);
    const active = this.#active.get(target);
    if (active !== undefined) {
      active.id ??= this.shapes.reserve(hint);
      return { ...ANY, members: [this.shapes.refer(active.id)] };
    }
    const entry: { id: number | undefined } = { id: undefined };
    this.#active.set(target, entry);
    const type = this.#print(mergeParts(target, place.root), { ...place, hint }, entry);
    this.#active.delete(target);
    return this.#finish(type, entry.id);
  }

  /** Gives a type that refers to itself its name. */
  #finish(type: PythonType, id: number | undefined): PythonType {
    if (id === undefined || this.shapes.isDefined(id)) return type;
    this.shapes.defineAlias(id, toTypeText(type));
    return { ...ANY, members: [this.shapes.refer(id)] };
  }

  #print(schema: SchemaObject, place: Place, entry: { id: number | undefined }): PythonType {
    const note = this.#withNotes ? toLimits(schema, place.isInput) : "";
    if ("const" in schema) return toLiterals([schema["const"]]);
    if (Array.isArray(schema["enum"])) return toLiterals(schema["enum"]);
    const branches = toBranches(schema);
    if (branches.some(isShape)) return this.#printUnion(schema, branches, place);
    const types = toTypeNames(schema);
    const parts = types.map((type) => {
      if (type === "array") return this.#printArray(schema, place);
      if (type === "object") return this.#printObject(schema, place, entry);
      const simple = SIMPLE[type];
      return simple === undefined ? ANY : { ...ANY, members: [simple] };
    });
    const joined = join(parts);
    return { ...joined, note: joinNotes([note, joined.note]) };
  }

  #printUnion(schema: SchemaObject, branches: readonly unknown[], place: Place): PythonType {
    const { anyOf: _anyOf, oneOf: _oneOf, ...base } = schema;
    const inner = { ...place, depth: place.depth + 1 };
    const parts = branches
      .slice(0, DEFAULT_MAX_UNION_MEMBERS)
      .map((branch) => this.#visit("properties" in base ? { allOf: [branch, base] } : branch, inner));
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

  #printObject(schema: SchemaObject, place: Place, entry: { id: number | undefined }): PythonType {
    const view = resolveObject(schema, place.root);
    if (view.properties.length === 0) {
      const value = toTypeText(this.#visit(view.others, { ...place, depth: place.depth + 1 }));
      return { ...ANY, members: [value === "Any" ? "dict" : `dict[str, ${value}]`] };
    }
    const fields = this.#toFields(schema, place);
    const id = this.shapes.define(entry.id, place.hint, fields);
    return { ...ANY, members: [this.shapes.refer(id)] };
  }

  #toFields(schema: SchemaObject, place: Place): ShapeField[] {
    const view = resolveObject(schema, place.root);
    return view.properties.slice(0, DEFAULT_MAX_SHAPE_FIELDS).map((property) => {
      const inner = { ...place, hint: toPascalCase(property.name), depth: place.depth + 1 };
      const type = this.#visit(property.schema, inner);
      return {
        name: property.name,
        type: toTypeText(type),
        isRequired: property.required,
        note: this.#toNote(property.schema, type),
        defaultText: place.isInput && !property.required ? toDefaultText(property.schema) : undefined,
      };
    });
  }

  /** The comment at a property: what its author wrote, then its limits. */
  #toNote(schema: unknown, type: PythonType): string {
    if (!this.#withNotes || !isSchemaObject(schema)) return "";
    const { description } = schema;
    const text = typeof description === "string" ? description : "";
    return toCommentText(joinNotes([text, type.note]), DEFAULT_MAX_NOTE_CHARS);
  }
}

function toDefaultText(schema: unknown): string | undefined {
  if (!isSchemaObject(schema) || !("default" in schema)) return undefined;
  return toPythonLiteral(schema["default"], DEFAULT_MAX_DEFAULT_CHARS) ?? "...";
}

/** Follows a chain of plain references, and takes the name of the last one for a hint. */
function toTarget(schema: SchemaObject, place: Place): { target: SchemaObject; hint: string } {
  let target = schema;
  let { hint } = place;
  for (let steps = 0; steps < DEFAULT_MAX_TYPE_DEPTH && typeof target["$ref"] === "string"; steps += 1) {
    if (hasMore(target)) break;
    const next = followPointer(target["$ref"], place.root);
    if (!isSchemaObject(next)) break;
    const name = target["$ref"].split("/").at(-1);
    if (name !== undefined && name !== "#") hint = toPascalCase(name);
    target = next;
  }
  return { target, hint };
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
  const texts = values.map((value) => toPythonLiteral(value, DEFAULT_MAX_LITERALS_CHARS));
  const isSmall =
    values.length > 0 &&
    values.length <= DEFAULT_MAX_LITERALS &&
    texts.every((text) => text !== undefined) &&
    texts.join("").length <= DEFAULT_MAX_LITERALS_CHARS &&
    values.every((value) => typeof value !== "object" || value === null);
  if (isSmall) return { ...ANY, literals: texts.filter((text) => text !== undefined) };
  const members = [...new Set(values.slice(0, 1_000).map(toValueType))];
  const shown = texts.filter((text) => text !== undefined && text.length < 40).slice(0, 5);
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
