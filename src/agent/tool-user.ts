/**
 * Does what one answer of the model asks for: scripts one after another, direct calls all at once beside them.
 */
import type { ContentBlock } from "../model/model.ts";
import { incompleteInputOf } from "../model/incomplete-input.ts";
import { CODE_EXECUTION_NAME, parseCodeExecutionInput } from "../script/code-execution.ts";
import type { AgentSetup } from "./agent-options.ts";
import { CellRunner } from "./cell-runner.ts";
import { runDirectCall } from "./direct-calls.ts";
import type { Recorder } from "./recorder.ts";
import { type ToolUse, type ToolUseAnswer, toToolResult } from "./tool-use.ts";

/** Uses tools on behalf of the model, within the limit of scripts. */
export interface ToolUser extends AsyncDisposable {
  /** Whether the limit of scripts leaves room for those among `uses`. */
  allows(uses: readonly ToolUse[]): boolean;
  /** Counts the scripts among `uses` against the limit without running them. */
  skip(uses: readonly ToolUse[]): void;
  /** Does them all; gives the `tool_result` blocks in the order of `uses`. */
  use(uses: readonly ToolUse[]): Promise<readonly ContentBlock[]>;
}

type Answered = readonly [use: ToolUse, answer: ToolUseAnswer];

/** Creates the tool user of one run; disposing of it closes the script session. */
export function createToolUser(setup: AgentSetup, recorder: Recorder, signal: AbortSignal): ToolUser {
  const { sandbox, toolbox, limits, maxCells } = setup;
  const cells = sandbox && new CellRunner({ sandbox, tools: toolbox.scriptTools, limits, recorder, signal });
  const isScript = ({ name }: ToolUse) => toolbox.hasScripts && name === CODE_EXECUTION_NAME;
  let scripts = 0;

  async function runScript(use: ToolUse): Promise<ToolUseAnswer> {
    const input = parseCodeExecutionInput(use.input);
    if (!input.ok) return { text: input.message, isError: true };
    if (cells === undefined) return { text: "No sandbox is here to run a script", isError: true };
    return cells.run(input.code);
  }

  async function runScripts(uses: readonly ToolUse[]): Promise<readonly Answered[]> {
    const answers: Answered[] = [];
    for (const use of uses) answers.push([use, refuseIncomplete(use) ?? (await runScript(use))]);
    return answers;
  }

  async function runCall(use: ToolUse): Promise<Answered> {
    const context = { toolbox, recorder, limits, signal };
    return [use, refuseIncomplete(use) ?? (await runDirectCall(use, context))];
  }

  const skip = (uses: readonly ToolUse[]) => void (scripts += uses.filter(isScript).length);

  return {
    allows: (uses) => {
      const wanted = uses.filter(isScript).length;
      return wanted === 0 || scripts + wanted <= maxCells;
    },
    skip,
    async use(uses) {
      skip(uses);
      const running = [runScripts(uses.filter(isScript))];
      for (const use of uses.filter((one) => !isScript(one))) {
        running.push(runCall(use).then((pair) => [pair]));
      }
      const answers = new Map((await settleAll(running)).flat());
      return uses.flatMap((use) => {
        const answer = answers.get(use);
        return answer === undefined ? [] : [toToolResult(use, answer)];
      });
    },
    [Symbol.asyncDispose]: async () => cells?.[Symbol.asyncDispose](),
  };
}

/** As `Promise.all`, but a failure waits for the others: nothing goes on behind the caller's back. */
async function settleAll<Value>(running: readonly Promise<Value>[]): Promise<readonly Value[]> {
  await Promise.allSettled(running);
  return Promise.all(running);
}

/** An input that is no whole JSON is never run. */
function refuseIncomplete(use: ToolUse): ToolUseAnswer | undefined {
  if (incompleteInputOf(use.block) === undefined) return undefined;
  return { text: "Not run: the input is not complete JSON. Write it again", isError: true };
}
