/** Asks a thread for the verdict on one input. */
import { type CheckOptions, TOO_DEEP } from "../check-input.ts";
import type { InputSize } from "../input-size.ts";
import type { Verdict } from "../json-schema/compiled-schema.ts";
import { runInThread } from "./check-threads.ts";
import type { ThreadAnswer, ThreadSchema } from "./thread-messages.ts";
import { writeJson } from "./write-json.ts";

/** Characters of a schema that is sent with each input. */
const SENT_DOCUMENT_CHARS = 16 * 1024;

/** Characters of a key beyond which problems are not collected: each has a path of its own. */
const MAX_COLLECTED_KEY_CHARS = 1_000;

/** A schema as a thread may need it. */
export interface DocumentedSchema extends ThreadSchema {
  /** The schema as JSON text. */
  readonly document: string;
  /** Longest check in milliseconds. */
  readonly maxMs: number;
}

/** A verdict and the processor time that it took, in milliseconds. */
export interface ThreadVerdict {
  readonly verdict: Verdict;
  readonly usedMs: number;
}

/** Checks an input in a thread. Never rejects: what could not be checked does not fit. */
export async function checkInThread(
  schema: DocumentedSchema,
  input: unknown,
  size: InputSize,
  options: CheckOptions,
): Promise<ThreadVerdict> {
  const {
    key,
    isOldDraft,
    checksFormats,
    hasUnevaluated,
    hasChoicesOfReferences,
    hasOddReference,
    document,
    maxMs,
  } = schema;
  const plain = { key, isOldDraft, checksFormats, hasUnevaluated, hasChoicesOfReferences, hasOddReference };
  const collects = size.longestKey <= MAX_COLLECTED_KEY_CHARS;
  const { optionalNulls = 0 } = options;
  const task = { kind: "check", schema: plain, collects, optionalNulls, maxMs } as const;
  let usedMs = 0;
  // A thread mostly knows the schema. A long one is sent only when it does not, and the input with it once more.
  const tasks = [{ ...task, document }];
  for (const asked of document.length > SENT_DOCUMENT_CHARS ? [task, ...tasks] : tasks) {
    const outcome = await runInThread({ task: asked, text: writeJson(input, size.wideKeys) }, options);
    usedMs += outcome.usedMs;
    if (!outcome.done) return { verdict: misfit(`could not be checked: ${outcome.reason}`), usedMs };
    const { answer } = outcome;
    if (answer.kind !== "unknown-schema") return { verdict: toVerdict(answer, maxMs), usedMs };
  }
  return { verdict: misfit("could not be checked"), usedMs };
}

function toVerdict(answer: ThreadAnswer, maxMs: number): Verdict {
  switch (answer.kind) {
    case "fits":
      return { ok: true };
    case "misfits":
      return { ok: false, issues: answer.issues };
    case "too-slow":
      return misfit(`took longer than ${maxMs} ms to check against the schema`);
    case "too-deep":
      return misfit(TOO_DEEP);
    case "invalid":
      return misfit(`cannot be checked: ${answer.reason}`);
    default:
      return misfit("could not be checked");
  }
}

function misfit(text: string): Verdict {
  return { ok: false, issues: [{ path: [], text }] };
}
