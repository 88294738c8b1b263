/**
 * Looks through a JSON text once, byte by byte: counts what it holds and says where a large one can be cut into pieces
 * that are read one by one. Makes no values; what stands between two cuts is for `JSON.parse` to judge.
 */
import { ToolscriptError } from "../errors.ts";
import type { TurnShare } from "../turn-share.ts";

/** Bytes from which a value is cut. A piece takes less than a share of a turn to read, whatever it holds. */
export const PIECE_BYTES = 64 * 1024;

/** Bytes without a place to cut, such as a number of a million digits, beyond which a text is refused. */
const MAX_UNCUT_BYTES = 4 * PIECE_BYTES;

/** What a text may hold. */
export interface JsonBounds {
  /** Levels of objects and arrays. */
  readonly maxDepth: number;
  /** Objects, arrays, members and items together. */
  readonly maxParts: number;
  /** Members of one object: the names of a larger one are listed in one go, which nothing can cut. @default any */
  readonly maxMembers?: number;
  /** Bytes that its value may take in memory, by an estimate that is seldom too low. @default any */
  readonly maxValueBytes?: number;
}

/**
 * What parts of a value take in memory beside the text in them, in bytes: measured with V8 of Node.js 22 and 24 for the
 * worst of each kind (an object of a shape that no other has; a member whose name is a number, kept in a list with gaps).
 */
const VALUE_BYTES = { array: 48, object: 64, item: 32, member: 96, indexed: 308, string: 32 } as const;

/** No byte of a text stands for more of its value than this. */
export const MAX_VALUE_BYTES = VALUE_BYTES.indexed;

/** A value that is read in pieces; a `whole` one is read at once. Offsets are those of its text, brackets included. */
export interface JsonNode {
  readonly kind: "array" | "object" | "string" | "whole";
  readonly from: number;
  readonly to: number;
  readonly pieces: readonly JsonPiece[];
}

/** Neighbouring items or members, or a part of a string; with `node` one item or member whose value is cut as well. */
export interface JsonPiece {
  readonly from: number;
  readonly to: number;
  readonly node?: JsonNode;
}

/** A text, looked through. */
export interface CutJson {
  readonly root: JsonNode;
  /** Objects, arrays, members and items. */
  readonly parts: number;
}

/** Cuts a text. @throws {ToolscriptError} `invalid-argument`, `work-limit` */
export async function cutJson(text: Buffer, bounds: JsonBounds, share: TurnShare): Promise<CutJson> {
  const cutter = new Cutter(text, bounds);
  for (let to = PIECE_BYTES; !cutter.scan(to); to += PIECE_BYTES) {
    if (share.due) await share.yieldTurn();
  }
  return { root: cutter.finish(), parts: cutter.parts };
}

/** The error of a text that is no JSON. */
export function notJson(reason: string, cause?: unknown): ToolscriptError {
  return new ToolscriptError("invalid-argument", `Reading JSON failed: ${reason}`, { cause });
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
/** The letter u. */
const UNICODE_ESCAPE = 0x75;
const ARRAY = 0x5b;
const ARRAY_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const BLANK = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
/** First byte of the characters beyond Latin-1: a string that has one of them takes two bytes for each character. */
const WIDE = 0xc4;

/** An object or array whose end has not been seen. */
interface Open {
  readonly isObject: boolean;
  readonly from: number;
  /** Where the piece begins that has not been cut off, and its last item in it. */
  pieceFrom: number;
  itemFrom: number;
  /** The last item's value, when that is cut itself. */
  child: JsonNode | undefined;
  hasColon: boolean;
  members: number;
  pieces: JsonPiece[] | undefined;
}

class Cutter {
  readonly #text: Buffer;
  readonly #bounds: JsonBounds;
  readonly #open: Open[] = [];
  #at = 0;
  parts = 0;
  #valueBytes = 0;
  #root: JsonNode | undefined;
  /** The first and last byte that is no blank, at the top. */
  #first = -1;
  #last = -1;
  #inString = false;
  #isWide = false;
  /** Bytes of the string that begin no character. */
  #continuations = 0;
  #stringFrom = 0;
  #partFrom = 0;
  #stringParts: JsonPiece[] = [];

  constructor(text: Buffer, bounds: JsonBounds) {
    this.#text = text;
    this.#bounds = bounds;
  }

  /** Goes on to `to`; true at the end of the text. */
  scan(to: number): boolean {
    const text = this.#text;
    const end = Math.min(to, text.length);
    while (this.#at < end) {
      if (this.#inString) {
        this.#scanString(end);
        continue;
      }
      const at = this.#at;
      const byte = text[at] ?? 0;
      this.#at += 1;
      if (byte === QUOTE) this.#beginString(at);
      else if (byte === COMMA) this.#onComma(at);
      else if (byte === COLON) this.#onColon();
      else if (byte === OBJECT || byte === ARRAY) this.#begin(byte === OBJECT, at);
      else if (byte === OBJECT_END || byte === ARRAY_END) this.#end(byte === OBJECT_END, at);
      else if (byte > BLANK && this.#open.length === 0) this.#onTop(at);
    }
    return this.#at >= text.length;
  }

  finish(): JsonNode {
    if (this.#open.length > 0 || this.#inString) throw notJson("it ends too early");
    const { length } = this.#text;
    const from = Math.max(0, this.#first);
    const to = this.#first === -1 ? Math.min(length, 1) : this.#last + 1;
    if (this.#root === undefined) {
      requireCuttable(from, to);
      return { kind: "whole", from, to, pieces: [] };
    }
    if (this.#root.from !== from || this.#root.to !== to) throw notJson("something stands beside its value");
    return this.#root;
  }

  #onTop(at: number): void {
    if (this.#first === -1) this.#first = at;
    this.#last = at;
  }

  #count(valueBytes: number): void {
    this.parts += 1;
    const { maxParts } = this.#bounds;
    if (this.parts > maxParts) {
      throw tooMuch(`it has more than "${maxParts}" parts (items, members, objects, arrays)`);
    }
    this.#hold(valueBytes);
  }

  #hold(valueBytes: number): void {
    this.#valueBytes += valueBytes;
    const { maxValueBytes = Infinity } = this.#bounds;
    if (this.#valueBytes > maxValueBytes) {
      throw tooMuch(`its value would take more than "${maxValueBytes}" bytes of memory`);
    }
  }

  #begin(isObject: boolean, at: number): void {
    this.#count(isObject ? VALUE_BYTES.object : VALUE_BYTES.array);
    if (this.#open.length === 0) this.#onTop(at);
    if (this.#open.length >= this.#bounds.maxDepth) {
      throw tooMuch(`it is nested deeper than "${this.#bounds.maxDepth}" levels`, { bound: "depth" });
    }
    const inside = {
      pieceFrom: at + 1,
      itemFrom: at + 1,
      child: undefined,
      hasColon: false,
      members: 0,
      pieces: undefined,
    };
    this.#open.push({ isObject, from: at, ...inside });
  }

  #onComma(at: number): void {
    this.#count(VALUE_BYTES.item);
    const open = this.#open.at(-1);
    if (open === undefined) throw notJson("a comma stands outside of it");
    if (open.child !== undefined || at - open.pieceFrom >= PIECE_BYTES) this.#cut(open, at);
    open.itemFrom = at + 1;
    open.hasColon = false;
  }

  #onColon(): void {
    const first = this.#text[this.#stringFrom + 1] ?? 0;
    const isIndex = (first >= ZERO && first <= NINE) || first === BACKSLASH;
    this.#count(isIndex ? VALUE_BYTES.indexed : VALUE_BYTES.member);
    const open = this.#open.at(-1);
    if (open === undefined) return;
    open.hasColon = true;
    open.members += 1;
    const { maxMembers = Infinity } = this.#bounds;
    if (open.members > maxMembers) throw tooMuch(`an object of it has more than "${maxMembers}" members`);
  }

  /** Ends a piece at `to`, where a comma or the last bracket stands. */
  #cut(open: Open, to: number): void {
    const pieces = (open.pieces ??= []);
    const { child, pieceFrom, itemFrom } = open;
    if (child === undefined) {
      requireCuttable(pieceFrom, to);
      pieces.push({ from: pieceFrom, to });
    } else {
      requireCuttable(child.to, to);
      this.#requireBlank(child.to, to);
      if (itemFrom > pieceFrom) pieces.push({ from: pieceFrom, to: itemFrom - 1 });
      pieces.push({ from: itemFrom, to, node: child });
    }
    open.child = undefined;
    open.pieceFrom = to + 1;
  }

  #end(isObject: boolean, at: number): void {
    const open = this.#open.pop();
    if (open?.isObject !== isObject) throw notJson("its brackets do not match");
    if (this.#open.length === 0) this.#onTop(at);
    if (open.pieces === undefined && open.child === undefined && at - open.from < PIECE_BYTES) return;
    this.#cut(open, at);
    const kind = isObject ? "object" : "array";
    this.#keep({ kind, from: open.from, to: at + 1, pieces: open.pieces ?? [] });
  }

  /** A value that is to be read in pieces. */
  #keep(node: JsonNode): void {
    const parent = this.#open.at(-1);
    if (parent === undefined) {
      if (this.#root !== undefined) throw notJson("a second value follows");
      this.#root = node;
      return;
    }
    if (parent.child !== undefined) throw notJson("a comma is missing");
    if (parent.isObject && !parent.hasColon) {
      throw tooMuch(`the name of a member has more than "${PIECE_BYTES}" bytes`);
    }
    requireCuttable(parent.itemFrom, node.from);
    parent.child = node;
  }

  #beginString(at: number): void {
    if (this.#open.length === 0) this.#onTop(at);
    this.#inString = true;
    this.#isWide = false;
    this.#continuations = 0;
    this.#stringFrom = at;
    this.#partFrom = at + 1;
    if (this.#stringParts.length > 0) this.#stringParts = [];
  }

  /** Goes on in a string; long ones are cut where no character and no escape is. */
  #scanString(end: number): void {
    const text = this.#text;
    let at = this.#at;
    const cutFrom = this.#partFrom + PIECE_BYTES;
    while (at < end) {
      const byte = text[at] ?? 0;
      if (byte === QUOTE) {
        this.#at = at + 1;
        this.#endString(at);
        return;
      }
      if (at >= cutFrom && (byte & 0xc0) !== 0x80) {
        this.#stringParts.push({ from: this.#partFrom, to: at });
        this.#partFrom = at;
        break;
      }
      if (byte === BACKSLASH) {
        const isUnicode = text[at + 1] === UNICODE_ESCAPE;
        this.#isWide ||= isUnicode;
        at += isUnicode ? 6 : 2;
      } else {
        if (byte >= WIDE) this.#isWide = true;
        else if (byte >= 0x80 && byte < 0xc0) this.#continuations += 1;
        at += 1;
      }
    }
    this.#at = at;
  }

  #endString(at: number): void {
    this.#inString = false;
    const characters = at - this.#stringFrom - this.#continuations;
    this.#hold(VALUE_BYTES.string + characters * (this.#isWide ? 2 : 1));
    if (this.#open.length === 0) this.#onTop(at);
    if (this.#stringParts.length === 0) return;
    this.#stringParts.push({ from: this.#partFrom, to: at });
    this.#keep({ kind: "string", from: this.#stringFrom, to: at + 1, pieces: this.#stringParts });
    this.#stringParts = [];
  }

  #requireBlank(from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      if ((this.#text[at] ?? 0) > BLANK) throw notJson("a comma is missing");
    }
  }
}

function requireCuttable(from: number, to: number): void {
  if (to - from <= MAX_UNCUT_BYTES) return;
  throw tooMuch(`"${to - from}" bytes of it are blanks or one number, at most "${MAX_UNCUT_BYTES}"`);
}

function tooMuch(reason: string, data: Readonly<Record<string, unknown>> = {}): ToolscriptError {
  return new ToolscriptError("work-limit", `Reading JSON failed: ${reason}`, { data });
}
