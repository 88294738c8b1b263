/**
 * Writes JSON in shares of a turn: what `JSON.stringify` gives, in pieces, with the loop going on between two of them.
 *
 * Takes plain values: what a JSON text gave, and what was built of such; bytes become base64. There is no `toJSON` here.
 */
import { TurnShare } from "../turn-share.ts";

/** Characters after which a piece is full. One string or number may make it longer. */
const PIECE_CHARACTERS = 64 * 1024;

/** Names of members after which a piece is full: they are listed in one go for an object, which takes its time. */
const MAX_LISTED_NAMES = 16 * 1024;

/** Characters and parts up to which a value is written at once. */
const LIGHT = 16 * 1024;
const MAX_LIGHT_DEPTH = 100;

const LARGE_BYTES = 1024 * 1024;

/** A value that stands in another as base64 of its JSON, and is never held in that form. */
export class JsonInBase64 {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Writes a value as UTF-8. */
export async function writeJson(value: unknown): Promise<Buffer<ArrayBuffer>> {
  const share = new TurnShare();
  const light = writeLightJson(value);
  if (light !== undefined) return Buffer.from(light);
  const bytes = await countJsonBytes(value, share);
  const whole = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for await (const text of writeTexts(value, share)) at += whole.write(text, at);
  // Whoever takes it may have to look at all of it in one go, as for a signature.
  if (bytes > LARGE_BYTES) await share.yieldTurn();
  return whole;
}

/** Written twice, and held once: pieces that are joined at the end would be there twice. */
async function countJsonBytes(value: unknown, share: TurnShare): Promise<number> {
  let bytes = 0;
  for await (const text of writeTexts(value, share)) bytes += Buffer.byteLength(text);
  return bytes;
}

/** The JSON of a small value; undefined for one that takes more than a moment to write. */
export function writeLightJson(value: unknown): string | undefined {
  return weigh(value, LIGHT, 0) >= 0 ? JSON.stringify(value) : undefined;
}

/** Whether a value has about so many characters as JSON at most, found out without looking at more of it than that. */
export function isSmallJson(value: unknown, maxCharacters: number): boolean {
  return weigh(value, maxCharacters, 0) >= 0;
}

/** Writes a value as UTF-8, piece by piece as they are asked for. */
export async function* writeJsonPieces(value: unknown): AsyncGenerator<Buffer<ArrayBuffer>> {
  for await (const text of writeTexts(value, new TurnShare())) yield Buffer.from(text);
}

/** Characters that a value has as JSON. */
export async function countJsonCharacters(value: unknown): Promise<number> {
  let characters = 0;
  for await (const text of writeTexts(value, new TurnShare())) characters += text.length;
  return characters;
}

async function* writeTexts(value: unknown, share: TurnShare): AsyncGenerator<string> {
  const writer = new JsonWriter(value);
  for (;;) {
    if (share.due) await share.yieldTurn();
    const text = writer.next();
    if (text === "") return;
    yield text;
  }
}

/**
 * What is left of `budget` after a value; below 0 when it is too small, or the value too deep for a recursion. Looks at no
 * more of a value than the budget has.
 */
function weigh(value: unknown, budget: number, depth: number): number {
  if (typeof value === "string") return budget - value.length;
  if (typeof value !== "object" || value === null) return budget - 1;
  if (depth === MAX_LIGHT_DEPTH || isEncoded(value)) return -1;
  let left = budget - 1;
  const items = Array.isArray(value) ? (value as readonly unknown[]) : undefined;
  if (items !== undefined) {
    for (let at = 0; at < items.length && left >= 0; at += 1) left = weigh(items[at], left, depth + 1);
    return left;
  }
  for (const name of namesOf(value)) {
    left = weigh((value as Record<string, unknown>)[name], left - name.length, depth + 1);
    if (left < 0) return left;
  }
  return left;
}

function isEncoded(value: object): boolean {
  return value instanceof Uint8Array || value instanceof JsonInBase64;
}

/** Names of objects that have so many that listing them takes its time: once is enough. */
const longNames = new WeakMap<object, readonly string[]>();

function namesOf(value: object): readonly string[] {
  const known = longNames.get(value);
  if (known !== undefined) return known;
  const names = Object.keys(value);
  if (names.length > MAX_LISTED_NAMES) longNames.set(value, names);
  return names;
}

/** An array or object that is being written. */
interface OpenValue {
  readonly value: Readonly<Record<string, unknown>> | readonly unknown[];
  /** Names of an object's members; undefined for an array. */
  readonly names: readonly string[] | undefined;
  next: number;
  isEmpty: boolean;
}

class JsonWriter {
  readonly #open: OpenValue[] = [];
  /** A long string that is being written, and where it goes on. */
  #text = "";
  #textAt = 0;
  /** What is being written in base64; its last bytes, which are not yet, are the first ones of the scratch. */
  #encoded: JsonWriter | undefined;
  #scratch = Buffer.alloc(0);
  #restBytes = 0;
  #piece = "";
  /** Names of members that were listed for the piece. */
  #listed = 0;

  constructor(value: unknown) {
    this.#write(value);
  }

  /** The next piece; empty at the end. */
  next(): string {
    this.#listed = 0;
    while (this.#piece.length < PIECE_CHARACTERS && this.#listed < MAX_LISTED_NAMES) {
      const open = this.#open.at(-1);
      if (this.#textAt < this.#text.length) this.#goOnInText();
      else if (this.#encoded !== undefined) this.#goOnInBase64(this.#encoded);
      else if (open === undefined) break;
      else if (open.names === undefined) this.#nextItem(open, open.value as readonly unknown[]);
      else this.#nextMember(open, open.names, open.value as Readonly<Record<string, unknown>>);
    }
    const piece = this.#piece;
    this.#piece = "";
    return piece;
  }

  #write(value: unknown): void {
    if (value instanceof JsonInBase64) {
      this.#encoded = new JsonWriter(value.value);
      this.#piece += '"';
    } else if (value instanceof Uint8Array) {
      this.#write(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64"));
    } else if (typeof value === "string" && value.length > PIECE_CHARACTERS) {
      this.#text = value;
      this.#textAt = 0;
      this.#piece += '"';
    } else if (typeof value !== "object" || value === null) {
      this.#piece += JSON.stringify(value) ?? "null";
    } else {
      const names = Array.isArray(value) ? undefined : namesOf(value);
      this.#listed += names?.length ?? 0;
      this.#open.push({ value: value as OpenValue["value"], names, next: 0, isEmpty: true });
      this.#piece += names === undefined ? "[" : "{";
    }
  }

  #nextItem(open: OpenValue, items: readonly unknown[]): void {
    if (open.next >= items.length) {
      this.#open.pop();
      this.#piece += "]";
      return;
    }
    if (!open.isEmpty) this.#piece += ",";
    open.isEmpty = false;
    const item = items[open.next];
    open.next += 1;
    this.#write(item);
  }

  #nextMember(open: OpenValue, names: readonly string[], members: Readonly<Record<string, unknown>>): void {
    const name = names[open.next];
    if (name === undefined) {
      this.#open.pop();
      this.#piece += "}";
      return;
    }
    open.next += 1;
    const value = members[name];
    if (value === undefined) return;
    this.#piece += `${open.isEmpty ? "" : ","}${JSON.stringify(name)}:`;
    open.isEmpty = false;
    this.#write(value);
  }

  /** Three bytes are four characters: what is left of a piece goes before the next one. */
  #goOnInBase64(writer: JsonWriter): void {
    const text = writer.next();
    const bytes = this.#restBytes + Buffer.byteLength(text);
    if (bytes > this.#scratch.length) this.#growScratch(bytes);
    this.#scratch.write(text, this.#restBytes);
    const whole = text === "" ? bytes : bytes - (bytes % 3);
    this.#piece += this.#scratch.toString("base64", 0, whole);
    this.#scratch.copyWithin(0, whole, bytes);
    this.#restBytes = bytes - whole;
    if (text !== "") return;
    this.#encoded = undefined;
    this.#piece += '"';
  }

  #growScratch(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(2 * bytes);
    this.#scratch.copy(grown, 0, 0, this.#restBytes);
    this.#scratch = grown;
  }

  #goOnInText(): void {
    const end = pieceEnd(this.#text, this.#textAt);
    this.#piece += JSON.stringify(this.#text.slice(this.#textAt, end)).slice(1, -1);
    this.#textAt = end;
    if (end === this.#text.length) this.#piece += '"';
  }
}

/** Never between the halves of a character: each half alone would be written as an escape. */
function pieceEnd(text: string, from: number): number {
  const end = from + PIECE_CHARACTERS;
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
