/**
 * What one `executeCode` printed, read as the answer of an exchange.
 *
 * Guarantee: an answer is whole (its length was announced and its end is there) and belongs to the exchange that asked, or
 * it is none. What the kernel printed beside it is left aside.
 */
import { inflateSync } from "node:zlib";
import * as z from "zod";
import { KERNEL_IS_NEW, PYTHON_IS_OLD } from "./kernel-program.ts";

/** The result events of one `executeCode`, merged. */
export interface CodeOutput {
  /** Standard output by result event. */
  readonly stdout: readonly string[];
  /** Standard error and error texts. */
  readonly stderr: string;
}

const headSchema = z.strictObject({
  sequence: z.int(),
  state: z.enum(["waiting", "running", "more", "held", "ended", "fault"]),
  wakeInMs: z.number().min(0).nullable(),
  encoding: z.enum(["plain", "deflate"]),
  bytes: z.int().min(0),
});

/**
 * - `waiting`: nothing happens until frames come, or for `wakeInMs`
 * - `running`: the script computes on
 * - `more`: there are more frames to fetch
 * - `held`: the frames are kept until the delivery is complete
 * - `ended`: the runner is over
 * - `fault`: the exchange was out of order
 */
export type KernelState = z.infer<typeof headSchema>["state"];

/** An answer. */
export interface KernelAnswer {
  readonly kind: "answer";
  readonly state: KernelState;
  readonly wakeInMs: number | null;
  /** Lines of frames. */
  readonly text: string;
}

/** Something else in place of an answer. */
export interface NoAnswer {
  /**
   * - `new-kernel`: the kernel knows nothing of us
   * - `old-python`: Python is too old; `detail` is its version
   * - `cut`: the answer begins but is not whole
   * - `foreign`: nothing of ours is in it
   */
  readonly kind: "new-kernel" | "old-python" | "cut" | "foreign";
  readonly detail: string;
}

/** Most characters of a foreign answer that an error shows. */
const SHOWN_CHARACTERS = 300;

/** Largest answer after inflation; a frame may have 32 MiB. */
const MAX_INFLATED_BYTES = 512 * 1024 * 1024;

/** Reads the answer to the exchange `sequence`. */
export function readAnswer(output: CodeOutput, marker: string, sequence: number): KernelAnswer | NoAnswer {
  // A service may send output in pieces, or repeat at the end what it has sent before.
  const whole = output.stdout.join("");
  for (const text of new Set([whole, ...output.stdout])) {
    const answer = findAnswer(text, marker, sequence);
    if (answer !== undefined) return answer;
  }
  return explain(whole, output.stderr, marker);
}

function findAnswer(text: string, marker: string, sequence: number): KernelAnswer | undefined {
  const begin = `${marker}begin `;
  for (let at = text.indexOf(begin); at !== -1; at = text.indexOf(begin, at + 1)) {
    const answer = parseAnswer(text, at + begin.length, marker, sequence);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function parseAnswer(text: string, at: number, marker: string, sequence: number): KernelAnswer | undefined {
  const line = text.indexOf("\n", at);
  const head = parseHead(text.slice(at, line === -1 ? at : line));
  // A fault names the exchange that the kernel knows of.
  if (head === undefined || (head.sequence !== sequence && head.state !== "fault")) return undefined;
  const start = line + 1;
  const data = text.slice(start, start + head.bytes);
  if (!text.startsWith(`${marker}end ${head.sequence}\n`, start + head.bytes)) return undefined;
  const decoded = decode(data, head.encoding);
  return decoded === undefined
    ? undefined
    : { kind: "answer", state: head.state, wakeInMs: head.wakeInMs, text: decoded };
}

function parseHead(json: string): z.infer<typeof headSchema> | undefined {
  try {
    return headSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined; // not JSON: not ours
  }
}

function decode(data: string, encoding: "plain" | "deflate"): string | undefined {
  if (encoding === "plain") return data;
  try {
    const bytes = Buffer.from(data, "base64");
    return inflateSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES }).toString("latin1"); // frames are ASCII
  } catch {
    return undefined; // damaged: the same as cut off
  }
}

function explain(stdout: string, stderr: string, marker: string): NoAnswer {
  if (stdout.includes(`${marker}${KERNEL_IS_NEW}`)) return { kind: "new-kernel", detail: "" };
  const old = stdout.indexOf(`${marker}${PYTHON_IS_OLD} `);
  if (old !== -1) return { kind: "old-python", detail: stdout.slice(old).split(/\s/)[1] ?? "" };
  const shown = (stderr === "" ? stdout : stderr).trim();
  const detail = shown.length > SHOWN_CHARACTERS ? `…${shown.slice(-SHOWN_CHARACTERS)}` : shown;
  return stdout.includes(`${marker}begin `) ? { kind: "cut", detail: "" } : { kind: "foreign", detail };
}
