/**
 * Frames to lines and back. Knows the wire, not what frames are for.
 */
import { randomBytes } from "node:crypto";
import * as z from "zod";
import { MAX_SHOWN_CHARACTERS, shorten, ToolscriptError, isToolscriptError } from "../errors.ts";
import { PIECE_BYTES } from "../json/cut-json.ts";
import { readCountedJson } from "../json/read-json.ts";
import type { TurnShare } from "../turn-share.ts";
import {
  isJsonObject,
  MAX_FRAME_PARTS,
  type OutgoingFrame,
  type RunnerFrame,
  runnerFrameSchema,
} from "./frames.ts";

/** Makes a boundary marker that no script can guess: 128 random bits between fixed ends. */
export function createMarker(): string {
  return `\u0002${randomBytes(16).toString("hex")}\u0003`;
}

/** Characters that are written together at most; a larger frame is cut into parts of this size. */
const MAX_PART_CHARACTERS = 1024 * 1024;

/** Several frames as texts to be written one after another: small frames together, a large one in parts. */
export function encodeFrames(frames: readonly OutgoingFrame[]): string[] {
  const parts: string[] = [];
  let text = "";
  for (const frame of frames) {
    for (const piece of encodeFrame(frame)) {
      if (text.length + piece.length > MAX_PART_CHARACTERS) {
        addParts(text, parts);
        text = "";
      }
      text += piece;
    }
  }
  addParts(text, parts);
  return parts;
}

function addParts(text: string, parts: string[]): void {
  let from = 0;
  while (text.length - from > MAX_PART_CHARACTERS) {
    let to = from + MAX_PART_CHARACTERS;
    if (isHighSurrogate(text.charCodeAt(to - 1))) to -= 1; // each part is encoded for itself
    parts.push(text.slice(from, to));
    from = to;
  }
  if (from < text.length) parts.push(from === 0 ? text : text.slice(from));
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function encodeFrame(frame: OutgoingFrame): readonly string[] {
  if (frame.type !== "result" || !("json" in frame)) return [`${JSON.stringify(frame)}\n`];
  const head = `{"type":"result","id":${frame.id},"value":`;
  return typeof frame.json === "string" ? [`${head}${frame.json}}\n`] : [head, ...frame.json, "}\n"];
}

/** Levels of objects and arrays in a frame of the runner. */
const MAX_FRAME_DEPTH = 1_000;

/** Frames up to this size are read at once. */
export const MAX_QUICK_BYTES = PIECE_BYTES;

/**
 * Reads the JSON text of a frame of at most {@link MAX_QUICK_BYTES}.
 *
 * @throws {ToolscriptError} `protocol-violation` when it is no valid frame
 */
export function decodeFrame(text: string): RunnerFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw violation("it is not JSON", text, cause);
  }
  const frame = checkFrame(value, text);
  if (frame.type === "call") frame.inputBytes = text.length + countParts(text, frame.input) * PART_BYTES;
  return frame;
}

/** What an object, a list, a member or an item takes in memory, about. */
const PART_BYTES = 64;

/** Up to so many characters what a frame holds is counted, beyond that its text is looked through. */
const FEW_CHARACTERS = 1_024;

function countParts(text: string, input: unknown): number {
  return text.length > FEW_CHARACTERS ? countInText(text) : countValues(input);
}

function countValues(value: unknown): number {
  let parts = 1;
  if (Array.isArray(value)) for (const item of value) parts += countValues(item);
  else if (isJsonObject(value)) for (const key in value) parts += countValues(value[key]);
  return parts;
}

/** Commas and opening brackets, those in strings as well: about the parts, from above. */
function countInText(text: string): number {
  let parts = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2c || code === 0x5b || code === 0x7b) parts += 1;
  }
  return parts;
}

/** Reads a larger frame in shares of a turn. @throws {ToolscriptError} `protocol-violation`, `work-limit` */
export async function decodeLargeFrame(bytes: Buffer, share: TurnShare): Promise<RunnerFrame> {
  const start = bytes.toString("utf8", 0, MAX_SHOWN_CHARACTERS * 2);
  try {
    const bounds = { maxDepth: MAX_FRAME_DEPTH, maxParts: MAX_FRAME_PARTS };
    const { value, parts } = await readCountedJson(bytes, bounds, share);
    const frame = checkFrame(value, start);
    if (frame.type === "call") frame.inputBytes = bytes.length + parts * PART_BYTES;
    return frame;
  } catch (cause) {
    if (isToolscriptError(cause, "invalid-argument")) throw violation("it is not JSON", start, cause);
    throw cause;
  }
}

function checkFrame(value: unknown, text: string): RunnerFrame {
  if (isCall(value)) return value;
  // An object of thousands of fields is not compared with the schema: each of them would become an error.
  if (isJsonObject(value) && Object.keys(value).length > MAX_FIELDS) {
    throw violation("it has too many fields", text);
  }
  const parsed = runnerFrameSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw violation(z.prettifyError(parsed.error).replaceAll("\n", " "), text, parsed.error);
}

/** More than any frame has. */
const MAX_FIELDS = 8;

/**
 * Whether `value` is a valid `call`. The commonest frame is checked by hand, in a quarter of the schema's time; what is
 * not valid is the schema's to explain.
 */
function isCall(value: unknown): value is Extract<RunnerFrame, { type: "call" }> {
  if (!isJsonObject(value) || value["type"] !== "call" || Object.keys(value).length !== 5) return false;
  const { cell, id, tool, input } = value;
  return isPositive(cell) && isPositive(id) && typeof tool === "string" && isJsonObject(input);
}

function isPositive(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function violation(reason: string, text: string, cause?: unknown): ToolscriptError {
  return new ToolscriptError(
    "protocol-violation",
    `Reading a frame of the runner failed: ${shorten(reason)}, in "${shorten(text)}"`,
    { cause },
  );
}
