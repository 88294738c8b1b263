/**
 * Reads a regular expression of ECMAScript into a tree. It is given valid ones only, and gives up (undefined) where the
 * grammar is rare or has two readings: who asks then has to expect the worst.
 */
import {
  ALL_CHARS,
  BLANKS,
  type CharSet,
  DIGITS,
  ignoreCase,
  invert,
  LINE_ENDS,
  toCharSet,
  unite,
  WORD_CHARS,
} from "./char-set.ts";
import type { PatternNode } from "./pattern-node.ts";

/** Characters of a pattern beyond which it is not read. */
const MAX_READ_PATTERN_CHARS = 2_000;

/** @returns the tree, or undefined when the pattern cannot be read */
export function parsePattern(source: string, flags: string): PatternNode | undefined {
  if (source.length > MAX_READ_PATTERN_CHARS || flags.includes("v")) return undefined;
  const reader = new PatternReader(source, flags);
  try {
    return reader.read();
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

/** A construct that is not known here. */
class Unknown extends Error {}

const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: invert(DIGITS),
  s: BLANKS,
  S: invert(BLANKS),
  w: WORD_CHARS,
  W: invert(WORD_CHARS),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

class PatternReader {
  readonly #source: string;
  readonly #isUnicode: boolean;
  readonly #ignoresCase: boolean;
  readonly #dot: CharSet;
  #at = 0;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#isUnicode = flags.includes("u");
    this.#ignoresCase = flags.includes("i");
    this.#dot = flags.includes("s") ? ALL_CHARS : invert(LINE_ENDS);
  }

  read(): PatternNode {
    const node = this.#readChoice();
    if (this.#at < this.#source.length) throw new Unknown();
    return node;
  }

  #readChoice(): PatternNode {
    const branches = [this.#readSequence()];
    while (this.#take("|")) branches.push(this.#readSequence());
    return branches.length === 1 && branches[0] !== undefined ? branches[0] : { kind: "choice", branches };
  }

  #readSequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#source.length && !this.#sees("|") && !this.#sees(")")) {
      parts.push(this.#readRepeat(this.#readAtom()));
    }
    return { kind: "sequence", parts };
  }

  #readAtom(): PatternNode {
    if (this.#take("^")) return { kind: "start" };
    if (this.#take("$")) return { kind: "end" };
    if (this.#take("(")) return this.#readGroup();
    if (this.#take(".")) return { kind: "char", set: this.#dot };
    if (this.#take("[")) return this.#toChar(this.#readClass());
    if (this.#take("\\")) return this.#readEscape();
    return this.#toChar(toCharSet(this.#next()));
  }

  #readGroup(): PatternNode {
    const [opening] = /^\?(?::|<?[=!]|<[\p{ID_Start}$_][\p{ID_Continue}$]*>)/u.exec(this.#rest()) ?? [];
    if (opening === undefined && this.#sees("?")) throw new Unknown();
    this.#at += opening?.length ?? 0;
    const inner = this.#readChoice();
    if (!this.#take(")")) throw new Unknown();
    const isLook = opening?.endsWith("=") === true || opening?.endsWith("!") === true;
    return isLook ? { kind: "look", inner, isBehind: opening.startsWith("?<") } : inner;
  }

  #readRepeat(inner: PatternNode): PatternNode {
    const [text, sign, least, comma, most] =
      /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(this.#source.slice(this.#at, this.#at + 40)) ?? [];
    if (text === undefined) return inner;
    this.#at += text.length;
    if (sign !== undefined) {
      return { kind: "repeat", inner, min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity };
    }
    const min = Number(least);
    return { kind: "repeat", inner, min, max: comma === "" ? min : most === "" ? Infinity : Number(most) };
  }

  #readEscape(): PatternNode {
    const char = this.#source[this.#at] ?? "";
    if (char === "b" || char === "B") {
      this.#at += 1;
      return { kind: "boundary" };
    }
    const reference = /^(?:[1-9]\d*|k<[^>]*>)/.exec(this.#rest())?.[0];
    if (reference !== undefined) {
      this.#at += reference.length;
      return { kind: "backreference" };
    }
    return this.#toChar(this.#readEscapedSet());
  }

  /** What follows a backslash, within a class or outside of it. */
  #readEscapedSet(): CharSet {
    const rest = this.#source.slice(this.#at, this.#at + 12);
    const char = rest[0] ?? "";
    const known = CLASSES[char];
    const control = CONTROLS[char];
    const property = /^[pP]\{[^}]*\}/.exec(this.#rest())?.[0];
    if (known !== undefined || control !== undefined) {
      this.#at += 1;
      return known ?? toCharSet(control ?? 0);
    }
    if (property !== undefined && this.#isUnicode) {
      this.#at += property.length;
      return ALL_CHARS;
    }
    const [text, short, long, braced] =
      /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]+)\})/.exec(rest) ?? [];
    if (text !== undefined && (braced === undefined || this.#isUnicode)) {
      this.#at += text.length;
      const code = Number.parseInt(short ?? long ?? braced ?? "", 16);
      // Two escapes may be one character; which one does not matter to a set that is large enough.
      return code >= 0xd800 && code <= 0xdfff ? ALL_CHARS : toCharSet(code);
    }
    if (/^0(?!\d)/.test(rest)) {
      this.#at += 1;
      return toCharSet(0);
    }
    if (/^[\dcpPkux]/.test(rest)) throw new Unknown();
    return toCharSet(this.#next());
  }

  /** A class, whose opening bracket has been read. */
  #readClass(): CharSet {
    const isInverted = this.#take("^");
    const sets: CharSet[] = [];
    while (!this.#take("]")) {
      const from = this.#readClassAtom();
      const isRange = this.#sees("-") && this.#source[this.#at + 1] !== "]";
      if (isRange) this.#at += 1;
      sets.push(...(isRange ? toRange(from, this.#readClassAtom()) : [from]));
    }
    const set = unite(...sets);
    return isInverted ? invert(this.#ignoresCase ? narrow(set) : set) : set;
  }

  #readClassAtom(): CharSet {
    if (!this.#take("\\")) return toCharSet(this.#next());
    if (this.#take("b")) return toCharSet(8);
    return this.#readEscapedSet();
  }

  #toChar(set: CharSet): PatternNode {
    return { kind: "char", set: this.#ignoresCase ? ignoreCase(set) : set };
  }

  #next(): number {
    const code = this.#isUnicode ? this.#source.codePointAt(this.#at) : this.#source.charCodeAt(this.#at);
    if (code === undefined || Number.isNaN(code)) throw new Unknown();
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  #rest(): string {
    return this.#source.slice(this.#at);
  }

  #sees(char: string): boolean {
    return this.#source[this.#at] === char;
  }

  #take(char: string): boolean {
    const isThere = this.#sees(char);
    if (isThere) this.#at += 1;
    return isThere;
  }
}

/** `a-z`; where an end is a class, as in `\w-.`, the three are members of their own. */
function toRange(from: CharSet, to: CharSet): CharSet[] {
  const [first] = from;
  const [last] = to;
  if (first === undefined || last === undefined || from === ALL_CHARS || to === ALL_CHARS) return [ALL_CHARS];
  const isPlain = first[0] === first[1] && last[0] === last[1] && from.length === 1 && to.length === 1;
  return isPlain ? [[[first[0], last[0]]]] : [from, toCharSet(0x2d), to];
}

/** What surely stays out of an inverted class when case is ignored: nothing that could have a sibling counts. */
function narrow(set: CharSet): CharSet {
  const isCaseless = (code: number): boolean => code < 0x80 && !/[a-z]/i.test(String.fromCharCode(code));
  const codes: (readonly [number, number])[] = [];
  for (const [from, to] of set) {
    for (let code = from; code <= Math.min(to, 0x7f); code += 1) {
      if (isCaseless(code)) codes.push([code, code]);
    }
  }
  return unite(codes);
}
