/**
 * A cell's result as the model reads it.
 *
 * A good result is its standard output and nothing else. As soon as there is more to say (errors, a return code, a
 * budget), every part stands in a tag of its own. A script cannot forge a part: where its output holds one of the
 * tags, the tag is escaped and the output is put in tags, too. A model reads a bounded part of what was printed.
 */
import type { CellResult, ExceededLimit } from "./script-run.ts";
import { DEFAULT_MAX_SHOWN_BYTES, shareBytes, toHeadAndTail } from "./shown-output.ts";

/** Bytes of tags and notices beside what was printed, at most. */
const FRAME_BYTES = 4 * 1024;

/** Writes a result for the model, in at most {@link DEFAULT_MAX_SHOWN_BYTES}. The same result gives the same text. */
export function toCellResultText(result: CellResult): string {
  const { stdout, stderr, returnCode } = result;
  const notices = toCellNotices(result);
  const isSilent = stdout === "" && stderr === "" && returnCode === 0 && notices.length === 0;
  if (isSilent) notices.push(NOTHING_PRINTED);
  const isGood = stderr === "" && returnCode === 0 && notices.length === 0;
  const isShort =
    stdout.length <= DEFAULT_MAX_SHOWN_BYTES && Buffer.byteLength(stdout) <= DEFAULT_MAX_SHOWN_BYTES;
  if (isGood && isShort && !TAG.test(stdout)) return stdout;
  const printed = { stdout: withoutTags(stdout), stderr: withoutTags(stderr) };
  const room = shareBytes(printed.stdout, printed.stderr, DEFAULT_MAX_SHOWN_BYTES - FRAME_BYTES);
  const shown = {
    stdout: toHeadAndTail(printed.stdout, room.stdout),
    stderr: toHeadAndTail(printed.stderr, room.stderr),
  };
  if (shown.stdout.leftOutBytes + shown.stderr.leftOutBytes > 0) {
    notices.push(result.survived ? `${NOT_ALL_SHOWN} ${PRINT_AGAIN}` : NOT_ALL_SHOWN);
  }
  const parts = [
    stdout === "" ? "" : toPart("stdout", shown.stdout.text),
    stderr === "" ? "" : toPart("stderr", shown.stderr.text),
    returnCode === 0 ? "" : `<return_code>${returnCode}</return_code>`,
    ...notices.map((notice) => `<notice>${notice}</notice>`),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

const NOTHING_PRINTED = "The script printed nothing. Print what you need to see.";

const NOT_ALL_SHOWN = "Too much was printed to show all of it.";
/** Without fetching anything again: what a script held is still there, as long as its interpreter is. */
const PRINT_AGAIN = "Variables are kept: print the part that you need, or sum it up in Python.";

const TAG = /<(?=\/?\s*(?:stdout|stderr|return_code|notice)\b)/i;
const TAGS = new RegExp(TAG, "gi");

/** The tags that output holds itself get a backslash. */
function withoutTags(text: string): string {
  return text.replaceAll(TAGS, "<\\");
}

/** Output in its tag. */
function toPart(tag: "stdout" | "stderr", body: string): string {
  return `<${tag}>\n${body}${body.endsWith("\n") ? "" : "\n"}</${tag}>`;
}

/** Everything that the output does not show by itself, a sentence each: budgets that were met, variables lost, notes. */
export function toCellNotices(result: CellResult): string[] {
  const { limit, survived, stats } = result;
  const notices = result.notes.map(withoutTags);
  if (stats.droppedBytes > 0 || limit === "output") notices.push(toDroppedText(stats.droppedBytes));
  if (limit !== null && limit !== "output") notices.push(toLimitText(limit, stats.runningMs));
  if (!survived) notices.push("The interpreter was stopped: all variables are lost.");
  else if (limit === "running-time" || limit === "total-time") notices.push("Variables are kept.");
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
