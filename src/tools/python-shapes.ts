/**
 * Collects the object shapes of a set of signatures and decides, when all are known, which are written inline and
 * which get a name. Until then a placeholder stands for each.
 */
import { toPythonString } from "./python-text.ts";
import { PYTHON_TAKEN_NAMES, isPythonIdentifier } from "./python-words.ts";

/** Characters up to which a shape that is used once is written where it is used. */
export const DEFAULT_MAX_INLINE_CHARS = 160;
/** Characters up to which a shape is written inline however often it is used. */
const DEFAULT_MAX_REPEATED_INLINE_CHARS = 40;

/** A field of an object, with its type as text. */
export interface ShapeField {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly note: string;
  /** Default of an optional field of an input, as a Python literal. */
  readonly defaultText: string | undefined;
}

interface Shape {
  hint: string;
  fields: readonly ShapeField[];
  /** Text of a recursive type that is no object. */
  alias: string | undefined;
  isRecursive: boolean;
  isDefined: boolean;
  uses: number;
  name: string | undefined;
}

const PLACEHOLDER = /\u0000(\d+)\u0000/g;

/** The shapes of one set of signatures. */
export class ShapeBook {
  readonly #shapes: Shape[] = [];
  readonly #idsByText = new Map<string, number>();
  readonly #taken: Set<string>;
  /** The number that the next shape of a name gets. */
  readonly #numbers = new Map<string, number>();

  constructor(takenNames: Iterable<string>) {
    this.#taken = new Set([...takenNames, ...PYTHON_TAKEN_NAMES, ...TYPING_NAMES]);
  }

  /** Makes room for a shape that is referred to before it is known: a recursive one. */
  reserve(hint: string): number {
    return this.#add(hint, { isRecursive: true });
  }

  /** Stores a shape; the same fields twice are one shape. */
  define(reserved: number | undefined, hint: string, fields: readonly ShapeField[]): number {
    const shape = reserved === undefined ? undefined : this.#shapes[reserved];
    if (reserved !== undefined && shape !== undefined) {
      shape.fields = fields;
      shape.isDefined = true;
      return reserved;
    }
    const text = JSON.stringify(fields);
    const known = this.#idsByText.get(text);
    if (known !== undefined) return known;
    const id = this.#add(hint, { fields, isDefined: true });
    this.#idsByText.set(text, id);
    return id;
  }

  /** Stores a recursive type that is no object. */
  defineAlias(id: number, text: string): void {
    const shape = this.#shapes[id];
    if (shape === undefined) return;
    shape.alias = text === this.refer(id) ? "Any" : text;
    shape.isDefined = true;
  }

  isDefined(id: number): boolean {
    return this.#shapes[id]?.isDefined === true;
  }

  /** The placeholder of a shape. */
  refer(id: number): string {
    return `\u0000${id}\u0000`;
  }

  /** Counts the uses of shapes in texts that will be printed. Call it for all texts before {@link print}. */
  count(text: string): void {
    for (const [, id] of text.matchAll(PLACEHOLDER)) {
      const shape = this.#shapes[Number(id)];
      if (shape === undefined) continue;
      shape.uses += 1;
      if (shape.uses > 1) continue;
      for (const field of shape.fields) this.count(field.type);
      if (shape.alias !== undefined) this.count(shape.alias);
    }
  }

  /** Replaces the placeholders in `text`; `definitions` gets each shape that must be printed before it. */
  print(text: string, definitions: string[]): string {
    return text.replaceAll(PLACEHOLDER, (_match, id: string) => {
      const shape = this.#shapes[Number(id)];
      if (shape === undefined) return "Any";
      if (shape.name !== undefined) return shape.name;
      return this.#toInline(shape, definitions) ?? this.#toNamed(shape, definitions);
    });
  }

  #toInline(shape: Shape, definitions: string[]): string | undefined {
    if (shape.isRecursive || shape.fields.some((field) => toFieldNote(field) !== "")) return undefined;
    const inner: string[] = [];
    const fields = shape.fields.map((field) => toEntry(field, this.print(field.type, inner)));
    const text = `{${fields.join(", ")}}`;
    const most = shape.uses > 1 ? DEFAULT_MAX_REPEATED_INLINE_CHARS : DEFAULT_MAX_INLINE_CHARS;
    definitions.push(...inner);
    return text.length <= most ? text : undefined;
  }

  #toNamed(shape: Shape, definitions: string[]): string {
    const name = this.#toFreeName(shape.hint);
    shape.name = name;
    if (shape.alias !== undefined) {
      definitions.push(`${name} = ${this.print(shape.alias, definitions)}`);
      return name;
    }
    const fields = shape.fields.map((field) => ({
      ...field,
      type: this.print(field.type, definitions),
    }));
    definitions.push(toDefinition(name, fields));
    return name;
  }

  #toFreeName(hint: string): string {
    let name = hint;
    let number = this.#numbers.get(hint) ?? 2;
    for (; this.#taken.has(name); number += 1) name = `${hint}${number}`;
    this.#numbers.set(hint, number);
    this.#taken.add(name);
    return name;
  }

  #add(hint: string, parts: Partial<Shape>): number {
    return (
      this.#shapes.push({
        hint,
        fields: [],
        alias: undefined,
        isRecursive: false,
        isDefined: false,
        uses: 0,
        name: undefined,
        ...parts,
      }) - 1
    );
  }
}

const TYPING_NAMES = ["Any", "Literal", "NotRequired", "TypedDict"];

/** A field inside braces: `"id": str`. */
export function toEntry(field: ShapeField, type = field.type): string {
  return `${toPythonString(field.name)}: ${field.isRequired ? type : `NotRequired[${type}]`}`;
}

/** A comment at the end of a line, or nothing. */
export function toComment(note: string): string {
  return note === "" ? "" : `  # ${note}`;
}

/** The note of a field where its default has no place of its own. */
export function toFieldNote({ note, defaultText }: ShapeField): string {
  if (defaultText === undefined) return note;
  return note === "" ? `default ${defaultText}` : `${note}; default ${defaultText}`;
}

/** Fields as the lines of a dict, without the braces. */
export function toEntryLines(fields: readonly ShapeField[]): string[] {
  return fields.map((field) => `    ${toEntry(field)},${toComment(toFieldNote(field))}`);
}

/** A `TypedDict` as a class, or as a call when a key is no identifier. */
function toDefinition(name: string, fields: readonly ShapeField[]): string {
  if (fields.every((field) => isPythonIdentifier(field.name))) {
    const lines = fields.map((field) => {
      const type = field.isRequired ? field.type : `NotRequired[${field.type}]`;
      return `    ${field.name}: ${type}${toComment(toFieldNote(field))}`;
    });
    return [`class ${name}(TypedDict):`, ...lines].join("\n");
  }
  return [`${name} = TypedDict("${name}", {`, ...toEntryLines(fields), "})"].join("\n");
}
