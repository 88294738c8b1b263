/**
 * Reads JSON from outside in shares of a turn: a large text is looked through once, cut where its objects and arrays can
 * be cut, and read piece by piece with `JSON.parse`, which yields to the loop between two pieces.
 *
 * Guarantees: the value is what `JSON.parse` gives for the whole text; nothing is made of a text that is nested too
 * deeply or has too many parts, for a part takes far more memory as a value than as text.
 */
import { toErrorMessage } from "../errors.ts";
import { TurnShare } from "../turn-share.ts";
import {
  type JsonBounds,
  type JsonNode,
  PIECE_BYTES,
  MAX_VALUE_BYTES,
  cutJson,
  notJson,
} from "./cut-json.ts";

/**
 * Reads one JSON text in UTF-8.
 *
 * @throws {ToolscriptError} `invalid-argument` when it is no JSON, `work-limit` when it holds more than `bounds` allow
 */
export async function readJson(
  bytes: Uint8Array,
  bounds: JsonBounds,
  share: TurnShare = new TurnShare(),
): Promise<unknown> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readLight(text, bounds) ?? (await readInPieces(text, bounds, share)).value;
}

/** As {@link readJson}, with the number of parts that the value has. */
export async function readCountedJson(
  bytes: Uint8Array,
  bounds: JsonBounds,
  share: TurnShare,
): Promise<{ readonly value: unknown; readonly parts: number }> {
  return await readInPieces(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), bounds, share);
}

/**
 * Reads at once what is no more than a piece and too short to hold more than the bounds allow; undefined for all else,
 * and for what is no JSON, so that an error is the same either way. Each part takes at least a byte of the text.
 */
function readLight(bytes: Buffer, { maxDepth, maxParts, ...bounds }: JsonBounds): unknown {
  const { length } = bytes;
  const { maxMembers = Infinity, maxValueBytes = Infinity } = bounds;
  if (length > Math.min(PIECE_BYTES, maxParts, maxMembers) || length * MAX_VALUE_BYTES > maxValueBytes) {
    return undefined;
  }
  const text = bytes.toString("utf8");
  const objects = count(text, "{", maxDepth);
  if (objects + count(text, "[", maxDepth) > maxDepth) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** How often a character stands in a text; does not go on beyond `max`. */
function count(text: string, character: string, max: number): number {
  let found = 0;
  for (let at = text.indexOf(character); at !== -1 && found <= max; at = text.indexOf(character, at + 1)) {
    found += 1;
  }
  return found;
}

async function readInPieces(
  text: Buffer,
  bounds: JsonBounds,
  share: TurnShare,
): Promise<{ readonly value: unknown; readonly parts: number }> {
  const { root, parts } = await cutJson(text, bounds, share);
  const reader = new PieceReader(text, share);
  return { value: await reader.read(root), parts };
}

/** Puts the value of a cut text together. */
class PieceReader {
  readonly #text: Buffer;
  readonly #share: TurnShare;

  constructor(text: Buffer, share: TurnShare) {
    this.#text = text;
    this.#share = share;
  }

  async read(node: JsonNode): Promise<unknown> {
    if (node.kind === "array") return await this.#readArray(node);
    if (node.kind === "object") return await this.#readObject(node);
    if (node.kind === "string") return await this.#readString(node);
    return this.#parse("", node.from, node.to, "");
  }

  async #readArray(node: JsonNode): Promise<unknown[]> {
    const items: unknown[] = [];
    for (const piece of node.pieces) {
      if (piece.node === undefined) {
        const some = this.#parse("[", piece.from, piece.to, "]") as unknown[];
        if (some.length === 0 && node.pieces.length > 1) throw notJson("an item is missing");
        for (const item of some) items.push(item);
      } else {
        this.#requireBlank(piece.from, piece.node.from);
        items.push(await this.read(piece.node));
      }
      if (this.#share.due) await this.#share.yieldTurn();
    }
    return items;
  }

  async #readObject(node: JsonNode): Promise<object> {
    const members = {};
    for (const piece of node.pieces) {
      if (piece.node === undefined) {
        const some = this.#parse("{", piece.from, piece.to, "}") as object;
        const names = Object.keys(some);
        if (names.length === 0 && node.pieces.length > 1) throw notJson("a member is missing");
        for (const name of names) setMember(members, name, (some as Record<string, unknown>)[name]);
      } else {
        const named = this.#parse("{", piece.from, piece.node.from, "null}") as object;
        setMember(members, Object.keys(named)[0] ?? "", await this.read(piece.node));
      }
      if (this.#share.due) await this.#share.yieldTurn();
    }
    return members;
  }

  /** A long string, in parts that no escape and no character is cut by. */
  async #readString(node: JsonNode): Promise<string> {
    const parts: unknown[] = [];
    for (const { from, to } of node.pieces) {
      parts.push(this.#parse('"', from, to, '"'));
      if (this.#share.due) await this.#share.yieldTurn();
    }
    return parts.join("");
  }

  #parse(before: string, from: number, to: number, after: string): unknown {
    const text = this.#text.toString("utf8", from, to);
    try {
      return JSON.parse(before + text + after) as unknown;
    } catch (cause) {
      throw notJson(toErrorMessage(cause), cause);
    }
  }

  #requireBlank(from: number, to: number): void {
    if (/[^ \t\r\n]/.test(this.#text.toString("latin1", from, to))) throw notJson("a comma is missing");
  }
}

/** As `JSON.parse` does it: a member of that name is a member like any other. */
function setMember(members: object, name: string, value: unknown): void {
  if (name !== "__proto__") (members as Record<string, unknown>)[name] = value;
  else Object.defineProperty(members, name, { value, writable: true, enumerable: true, configurable: true });
}
