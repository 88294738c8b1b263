/**
 * What one `executeCode` printed, read as the answer of an exchange.
 *
 * Guarantees: an answer is whole (its length was announced and its end is there) and belongs to the exchange that asked, or
 * it is none; what the kernel printed beside it is left aside. However the text was made, it is looked through a few times
 * at most, and no more is unpacked than a driver packs.
 */
import { promisify } from "node:util";
import { inflate } from "node:zlib";
import * as z from "zod";
import { shorten } from "../../../errors.ts";
import { KERNEL_IS_NEW, PYTHON_IS_OLD } from "../kernel-program.ts";
import type { CodeOutput } from "./code-output.ts";
import { tooMuch } from "./event-stream.ts";

const headSchema = z.strictObject({
  sequence: z.int(),
  state: z.enum(["waiting", "running", "more", "held", "ended", "fault"]),
  wakeInMs: z.number().min(0).nullable(),
  encoding: z.enum(["plain", "deflate"]),
  bytes: z.int().min(0),
});

type Head = z.infer<typeof headSchema>;

/**
 * - `waiting`: nothing happens until frames come, or for `wakeInMs`
 * - `running`: the script computes on
 * - `more`: there is more to fetch
 * - `held`: the frames are kept until the delivery is complete
 * - `ended`: the runner is over
 * - `fault`: the exchange was out of order
 */
export type KernelState = Head["state"];

/** An answer. */
export interface KernelAnswer {
  readonly kind: "answer";
  readonly state: KernelState;
  readonly wakeInMs: number | null;
  /** Bytes of the runner: lines of frames, the last of which may go on in the next answer. */
  readonly data: Buffer;
  /** Characters that the kernel printed beside it. */
  readonly foreignCharacters: number;
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

/** Of a version of Python. */
const SHOWN_VERSION_CHARACTERS = 20;

/** Bytes of the runner in one answer; `kernel_transport.py` knows the same number. */
export const MAX_ANSWER_DATA_BYTES = 4 * 1024 * 1024;

/** More than any head has. */
const MAX_HEAD_CHARACTERS = 200;

/** Places that begin like an answer which are tried. */
const MAX_BEGINNINGS = 8;

const inflateData = promisify(inflate);

/** A whole answer, still packed. */
interface Found {
  readonly head: Head;
  readonly data: string;
}

/** Reads the answer to the exchange `sequence`. @throws {ToolscriptError} `work-limit` */
export async function readAnswer(
  output: CodeOutput,
  marker: string,
  sequence: number,
): Promise<KernelAnswer | NoAnswer> {
  const whole = output.stdout.join("");
  const found = findAnswer(output, whole, marker, sequence);
  const data = found === undefined ? undefined : await unpack(found);
  if (found === undefined || data === undefined) return explain(whole, output.stderr, marker);
  const { state, wakeInMs } = found.head;
  const foreignCharacters = Math.max(0, whole.length - 2 * (found.data.length + MAX_HEAD_CHARACTERS));
  return { kind: "answer", state, wakeInMs, data, foreignCharacters };
}

function findAnswer(output: CodeOutput, whole: string, marker: string, sequence: number): Found | undefined {
  const begin = `${marker}begin `;
  let tries = 0;
  // A service may send output in pieces, or repeat at the end what it has sent before.
  for (const text of new Set([whole, ...output.stdout])) {
    for (let at = text.indexOf(begin); at !== -1; at = text.indexOf(begin, at + 1)) {
      const found = parseAnswer(text, at + begin.length, marker, sequence);
      if (found !== undefined) return found;
      tries += 1;
      if (tries === MAX_BEGINNINGS) return undefined;
    }
  }
  return undefined;
}

function parseAnswer(text: string, at: number, marker: string, sequence: number): Found | undefined {
  const line = text.slice(at, at + MAX_HEAD_CHARACTERS).split("\n", 1)[0] ?? "";
  const head = parseHead(line);
  // A fault names the exchange that the kernel knows of.
  if (head === undefined || (head.sequence !== sequence && head.state !== "fault")) return undefined;
  const from = at + line.length + 1;
  const to = from + head.bytes;
  if (!text.startsWith(`${marker}end ${head.sequence}\n`, to)) return undefined;
  return { head, data: text.slice(from, to) };
}

function parseHead(json: string): Head | undefined {
  try {
    return headSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined; // not JSON: not ours
  }
}

/** The data as the driver wrote it, all of it ASCII; undefined when it is damaged, which is the same as cut off. */
async function unpack({ head, data }: Found): Promise<Buffer | undefined> {
  const isPacked = head.encoding === "deflate";
  const bytes = Buffer.from(data, isPacked ? "base64" : "latin1");
  if (!isPacked) return bytes.length > MAX_ANSWER_DATA_BYTES ? refuseLarge() : bytes;
  try {
    return await inflateData(bytes, { maxOutputLength: MAX_ANSWER_DATA_BYTES });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? refuseLarge() : undefined;
  }
}

function refuseLarge(): never {
  throw tooMuch(`the driver's part of it has more than "${MAX_ANSWER_DATA_BYTES}" bytes`);
}

function explain(stdout: string, stderr: string, marker: string): NoAnswer {
  if (stdout.includes(`${marker}${KERNEL_IS_NEW}`)) return { kind: "new-kernel", detail: "" };
  const old = `${marker}${PYTHON_IS_OLD} `;
  const at = stdout.indexOf(old);
  if (at !== -1) {
    const rest = stdout.slice(at + old.length, at + old.length + SHOWN_VERSION_CHARACTERS);
    return { kind: "old-python", detail: shorten(rest.split(/\s/, 1)[0] ?? "") };
  }
  const shown = (stderr === "" ? stdout : stderr).slice(-2 * SHOWN_CHARACTERS).trim();
  const detail = shown.length > SHOWN_CHARACTERS ? `…${shown.slice(-SHOWN_CHARACTERS)}` : shown;
  return stdout.includes(`${marker}begin `) ? { kind: "cut", detail: "" } : { kind: "foreign", detail };
}
