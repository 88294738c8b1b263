/**
 * A script's result: as a block for the client, and as the model reads that block.
 *
 * The model's text is made from the client's block alone. A result that has just come and the same result out of a
 * re-sent history are therefore the same text.
 */
import type { ContentBlock } from "../../model/model.ts";
import { toCellNotices, toCellResultText } from "../../script/cell-result-text.ts";
import { type CellResult, NO_STATS } from "../../script/script-run.ts";
import { type Block, CODE_RESULT } from "../conversation/blocks.ts";
import { toModelUseId } from "./use-ids.ts";

/** Why a script has no result, in the wire's words. */
export type CodeErrorCode =
  | "invalid_tool_input"
  | "unavailable"
  | "too_many_requests"
  | "execution_time_exceeded";

/** How a script ended. */
export type Outcome =
  | { readonly type: "result"; readonly result: CellResult }
  | {
      readonly type: "error";
      readonly code: CodeErrorCode;
      /** What went wrong on this side, for the log. */
      readonly cause?: unknown;
    };

/** What the model is told when there is no result. */
const ERROR_TEXTS: Readonly<Record<CodeErrorCode, string>> = {
  invalid_tool_input:
    'The script was not run: the input must be an object with the field "code", whole and not empty.',
  unavailable: "The script did not finish: code execution failed. Variables of earlier scripts may be lost.",
  too_many_requests: "The script was not run: too many scripts are running. It may work later.",
  execution_time_exceeded: "The script was stopped: it ran longer than allowed. All variables are lost.",
};

/** The block for the client. */
export function toResultBlock(executionId: string, outcome: Outcome): ContentBlock {
  const content = outcome.type === "error" ? toErrorContent(outcome.code) : toResultContent(outcome.result);
  return { type: CODE_RESULT, tool_use_id: executionId, content };
}

function toErrorContent(code: CodeErrorCode): Record<string, unknown> {
  return { type: "code_execution_tool_result_error", error_code: code };
}

function toResultContent(result: CellResult): Record<string, unknown> {
  if (result.limit === "running-time" && !result.survived) return toErrorContent("execution_time_exceeded");
  const notices = toCellNotices(result).map(toNotice);
  const { stdout, returnCode } = result;
  const stderr = withoutNotices(result.stderr);
  const separator = stderr === "" || stderr.endsWith("\n") || notices.length === 0 ? "" : "\n";
  return {
    type: "code_execution_result",
    stdout,
    stderr: `${stderr}${separator}${notices.join("")}`,
    return_code: returnCode,
    content: [],
  };
}

/** Begins what this server says in a script's standard error, where the wire has no other place for it. */
const NOTICE = "toolscript:";

/** The same beginning, however it is spaced, cased, or filled with what nobody sees. */
const FORGED_NOTICE = new RegExp(
  `\\[(?=${NOTICE.split("")
    .map((letter) => `[\\s\\p{Cc}\\p{Cf}]*${letter}`)
    .join("")})`,
  "giu",
);

/** A notice in brackets; it may quote a script. */
function toNotice(text: string): string {
  return `[${NOTICE} ${withoutNotices(text)}]\n`;
}

/** What a script printed, with a backslash before what would look like a notice of ours. */
function withoutNotices(text: string): string {
  return text.replaceAll(FORGED_NOTICE, "\\[");
}

/** A client's block as the `tool_result` that the model reads. */
export function toModelResult(block: Block): ContentBlock {
  const content = block["content"] as Readonly<Record<string, unknown>>;
  const code = content["error_code"];
  const text = typeof code === "string" ? toErrorText(code) : toText(content);
  const marker = block["cache_control"];
  return {
    type: "tool_result",
    tool_use_id: toModelUseId(String(block["tool_use_id"])),
    content: text,
    ...(typeof code === "string" ? { is_error: true } : {}),
    ...(marker === undefined || marker === null ? {} : { cache_control: marker }),
  };
}

function toErrorText(code: string): string {
  return Object.hasOwn(ERROR_TEXTS, code)
    ? ERROR_TEXTS[code as CodeErrorCode]
    : `The script failed: ${code}.`;
}

const UNREADABLE = "(The output is encrypted and cannot be read here.)";

function toText(content: Readonly<Record<string, unknown>>): string {
  if (content["type"] === "encrypted_code_execution_result") return UNREADABLE;
  return toCellResultText({
    stdout: String(content["stdout"]),
    stderr: String(content["stderr"]),
    returnCode: Number(content["return_code"]),
    limit: null,
    survived: true,
    notes: [],
    stats: NO_STATS,
  });
}
