/** Asks a thread whether a document is a valid schema. */
import type { DocumentFacts } from "../json-schema/check-document.ts";
import type { WorkBudget } from "../work-budget.ts";
import { runInThread } from "./check-threads.ts";
import { DEFAULT_MAX_COMPILE_MS } from "./limits.ts";
import type { ThreadSchema } from "./thread-messages.ts";

/**
 * What was found, or why the schema cannot be used.
 *
 * @param isCompiled Whether it is compiled as well.
 */
export async function inspectInThread(
  schema: ThreadSchema,
  document: string,
  isCompiled: boolean,
  budget: WorkBudget,
): Promise<DocumentFacts | { readonly reason: string }> {
  const maxMs = Math.min(DEFAULT_MAX_COMPILE_MS, budget.leftMs);
  if (maxMs === 0) return { reason: `the schemas together take longer than ${budget.maxMs} ms to read` };
  const task = { kind: "inspect", schema, isCompiled, maxMs } as const;
  const outcome = await runInThread({ task, text: [document] }, { owner: budget });
  budget.take(outcome.usedMs);
  if (!outcome.done) return { reason: `it could not be read: ${outcome.reason}` };
  const { answer } = outcome;
  if (answer.kind === "valid") return answer;
  if (answer.kind === "too-slow") {
    return { reason: `reading it takes longer than ${Math.ceil(maxMs)} ms; make it smaller` };
  }
  return { reason: answer.kind === "invalid" ? answer.reason : "it could not be read" };
}
