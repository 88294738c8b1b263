/**
 * A cell's result as the model reads it.
 *
 * A good result is its standard output and nothing else. As soon as there is more to say (errors, a return code, a
 * budget), every part stands in a tag of its own. A script cannot forge a part: where its output holds one of the
 * tags, the tag is escaped and the output is put in tags, too.
 */
import type { CellResult, ExceededLimit } from "./script-run.ts";

/** Writes a result for the model. The same result gives the same text. */
export function toCellResultText(result: CellResult): string {
  const { stdout, stderr, returnCode } = result;
  const notices = toCellNotices(result);
  const isGood = stderr === "" && returnCode === 0 && notices.length === 0;
  if (isGood && !TAG.test(stdout)) return stdout;
  const parts = [
    stdout === "" ? "" : toPart("stdout", stdout),
    stderr === "" ? "" : toPart("stderr", stderr),
    returnCode === 0 ? "" : `<return_code>${returnCode}</return_code>`,
    ...notices.map((notice) => `<notice>${notice}</notice>`),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

const TAG = /<(?=\/?\s*(?:stdout|stderr|return_code|notice)\b)/i;
const TAGS = new RegExp(TAG, "gi");

/** Output in its tag; the tags that it holds itself get a backslash. */
function toPart(tag: "stdout" | "stderr", text: string): string {
  const body = text.replaceAll(TAGS, "<\\");
  return `<${tag}>\n${body}${body.endsWith("\n") ? "" : "\n"}</${tag}>`;
}

/** Everything that the output does not show by itself, a sentence each: budgets that were met, variables lost, no output. */
export function toCellNotices(result: CellResult): string[] {
  const { stdout, stderr, limit, survived, returnCode, stats } = result;
  const notices: string[] = [];
  if (stats.droppedBytes > 0 || limit === "output") notices.push(toDroppedText(stats.droppedBytes));
  if (limit !== null && limit !== "output") notices.push(toLimitText(limit, stats.runningMs));
  if (!survived) notices.push("The interpreter was stopped: all variables are lost.");
  else if (limit === "running-time" || limit === "total-time") notices.push("Variables are kept.");
  if (stdout === "" && stderr === "" && returnCode === 0 && notices.length === 0) {
    notices.push("The script printed nothing. Print what you need to see.");
  }
  return notices;
}

function toDroppedText(bytes: number): string {
  const amount = bytes === 0 ? "Output" : `${bytes} bytes of output`;
  return `${amount} dropped: too much was printed. Filter or sum up in Python and print less.`;
}

function toLimitText(limit: Exclude<ExceededLimit, "output">, runningMs: number): string {
  switch (limit) {
    case "running-time":
      return `The script was interrupted: it ran for ${(runningMs / 1000).toFixed(1)} s, longer than allowed (waiting for calls not counted). Do less work, or split it over several scripts.`;
    case "total-time":
      return "The script was interrupted: it took longer than allowed in all, waiting included. Wait for less, or split it over several scripts.";
    case "calls":
      return "The script made more calls than allowed; the calls beyond failed. Make fewer calls.";
    case "calls-in-flight":
      return "More calls than allowed were waiting at once; the calls beyond failed. Make them in smaller groups.";
    case "memory":
      return "The script used more memory than allowed. Hold less data at once.";
    case "lifetime":
      return "The session reached the end of its lifetime. The next script starts a new one.";
  }
}
