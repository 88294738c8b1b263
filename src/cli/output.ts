/**
 * What the command line prints, to whatever stream: the one place that writes.
 *
 * Guarantee: nothing that a script, a model, a tool or a file name holds moves the cursor, changes colours, sets a title
 * or a clipboard, or turns the direction of a terminal's text: control characters are shown as escapes there. A pipe gets
 * every text as it is.
 */
import { Writable } from "node:stream";
import { styleText } from "node:util";

/** A stream to print on. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** A text in one of the terminal's own styles. */
export interface Styled {
  readonly style: Parameters<typeof styleText>[0];
  readonly text: string;
}

/** What can be printed. */
export type Printable = string | Styled;

/** Control characters but for tabs and line ends, and what changes the direction or the lines of a text. */
const CONTROLS = new RegExp(
  String.raw`[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]`,
  "g",
);

/** Prints; parts follow each other without anything between them. */
export function print(stream: OutputStream, ...parts: readonly Printable[]): void {
  stream.write(parts.map((part) => toWritten(stream, part)).join(""));
}

/** A text as a terminal shows it, without doing what it says. */
export function toVisible(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(CONTROLS, toEscape);
}

/** The text of parts, as a pipe gets it. */
export function toPlainText(parts: readonly Printable[]): string {
  return parts.map((part) => (typeof part === "string" ? part : part.text)).join("");
}

function toWritten(stream: OutputStream, part: Printable): string {
  const text = typeof part === "string" ? part : part.text;
  const shown = stream.isTTY === true ? toVisible(text) : text;
  if (typeof part === "string") return shown;
  // Node.js decides by the stream and the environment whether there are colours.
  return styleText(part.style, shown, { stream: stream instanceof Writable ? stream : process.stderr });
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
