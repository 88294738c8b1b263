/**
 * Frames to lines and back. Knows the wire, not what frames are for.
 */
import { randomBytes } from "node:crypto";
import * as z from "zod";
import { ToolscriptError } from "../errors.ts";
import { isJsonObject, type OutgoingFrame, type RunnerFrame, runnerFrameSchema } from "./frames.ts";

/** Makes a boundary marker that no script can guess: 128 random bits between fixed ends. */
export function createMarker(): string {
  return `\u0002${randomBytes(16).toString("hex")}\u0003`;
}

/** The bytes of several frames as one text, each on its line. */
export function encodeFrames(frames: readonly OutgoingFrame[]): string {
  let text = "";
  for (const frame of frames) text += `${encodeFrame(frame)}\n`;
  return text;
}

function encodeFrame(frame: OutgoingFrame): string {
  if (frame.type === "result" && "json" in frame) {
    return `{"type":"result","id":${frame.id},"value":${frame.json}}`;
  }
  return JSON.stringify(frame);
}

/**
 * Reads one line of the runner.
 *
 * @returns the frame, or undefined when the line does not start with the marker and so is program output
 * @throws {ToolscriptError} `protocol-violation` when the line has the marker but is no valid frame
 */
export function decodeLine(line: string, marker: string): RunnerFrame | undefined {
  if (!line.startsWith(marker)) return undefined;
  const text = line.slice(marker.length);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw violation("it is not JSON", text, cause);
  }
  if (isCall(value)) return value;
  const parsed = runnerFrameSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw violation(z.prettifyError(parsed.error).replaceAll("\n", " "), text, parsed.error);
}

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

const SHOWN_CHARACTERS = 200;

function violation(reason: string, text: string, cause: unknown): ToolscriptError {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return new ToolscriptError(
    "protocol-violation",
    `Reading a frame of the runner failed: ${reason}, in "${shown}"`,
    { cause },
  );
}
