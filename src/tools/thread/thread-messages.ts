/** What goes between the loop and a check thread. Everything is plain data; an input travels as JSON text in pieces. */
import type { InputIssue } from "../input-message.ts";

/** A schema that inputs are checked against in a thread. */
export interface ThreadSchema {
  /** Names the schema: its digest. */
  readonly key: string;
  readonly isOldDraft: boolean;
  readonly checksFormats: boolean;
  readonly hasUnevaluated: boolean;
  readonly hasChoicesOfReferences: boolean;
  /** Some part that is referred to is not known to be a schema, so the document must stay as it is. */
  readonly hasOddReference: boolean;
}

/** What a thread is asked to do. */
export type ThreadTask =
  /** Check the input that follows. */
  | {
      readonly kind: "check";
      readonly schema: ThreadSchema;
      /** The schema as JSON text, when the thread is not known to have it. */
      readonly document?: string;
      /** Whether more than the first problem is of interest. */
      readonly collects: boolean;
      /** How many problems with fields that are null are of interest, beyond the first few. */
      readonly optionalNulls: number;
      readonly maxMs: number;
    }
  /** Say whether the document that follows, a schema, is valid; with `isCompiled` by compiling it. */
  | {
      readonly kind: "inspect";
      readonly schema: ThreadSchema;
      readonly isCompiled: boolean;
      readonly maxMs: number;
    }
  /** Match the texts that follow, for each pattern a list, against the patterns. */
  | { readonly kind: "match"; readonly patterns: readonly ThreadPattern[]; readonly maxMs: number };

/** A regular expression. */
export interface ThreadPattern {
  readonly source: string;
  readonly flags: string;
}

/** To a thread: a task, the JSON text that belongs to it, and its end. */
export type ThreadRequest =
  | { readonly type: "task"; readonly task: ThreadTask }
  | { readonly type: "piece"; readonly text: string }
  | { readonly type: "end" };

/** What a thread found. */
export type ThreadAnswer =
  /** The schema of a check is not known (any more); it has to be sent. */
  | { readonly kind: "unknown-schema" }
  | { readonly kind: "fits" }
  | { readonly kind: "misfits"; readonly issues: readonly InputIssue[] }
  /** The time was not enough. */
  | { readonly kind: "too-slow" }
  /** The input has too many levels. */
  | { readonly kind: "too-deep" }
  /** The schema is not valid, or something else is wrong with the task. */
  | { readonly kind: "invalid"; readonly reason: string }
  | { readonly kind: "valid"; readonly isRare: boolean; readonly hasOddReference: boolean }
  | { readonly kind: "matches"; readonly matches: readonly (readonly boolean[])[] };

/** From a thread. */
export interface ThreadReply {
  readonly answer: ThreadAnswer;
  /** Processor time that the task took, in milliseconds. */
  readonly usedMs: number;
}
