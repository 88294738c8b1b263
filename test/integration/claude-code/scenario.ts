/**
 * The model that Claude Code talks to: what it does is said in the prompt, as `PLAY name`.
 *
 * Guarantee: what it answers at the end is made of the results that Claude Code sent, so that a result which does not
 * arrive, or arrives at the wrong call, shows in the answer.
 */
import type { ContentBlock, ModelMessage, ModelRequest } from "../../../src/model/model.ts";
import type { ScenarioFunction, ScenarioTurn } from "../../../src/model/scenario.ts";

/** What has happened since the last prompt. */
interface Situation {
  /** What stands after `PLAY name` in the prompt. */
  readonly detail: string;
  /** Texts of the results, in the order of the calls. */
  readonly results: readonly string[];
  readonly request: ModelRequest;
}

type Play = (situation: Situation) => ScenarioTurn;

const PROMPT = /PLAY (?<name>[a-z]+)(?: (?<detail>\S+))?/g;

const PLAYS: Readonly<Record<string, Play>> = {
  /** Bash writes a file, Read reads it. */
  loop: ({ detail, results }) => {
    const [, read] = results;
    if (results.length === 0) return calls(["Bash", { command: `echo "sum $((20 + 3))" > ${detail}` }]);
    if (read === undefined) return calls(["Read", { file_path: detail }]);
    return { content: `The file says: ${read}` };
  },
  /** Three calls in one turn. */
  parallel: ({ results }) =>
    results.length === 0
      ? calls(...[1, 2, 3].map((n) => ["Bash", { command: `echo "part $((${n} * 11))"` }] as const))
      : { content: results.join(" and ") },
  /** What was said before. */
  recall: ({ request }) => ({ content: `Before: ${findPrompts(request).join(", ")}` }),
  /** Another agent, which uses a tool of its own. */
  delegate: ({ results, request }) => {
    if (results.length > 0) return { content: `It said: ${results.join()}` };
    const name = request.tools?.some((tool) => tool.name === "Agent") === true ? "Agent" : "Task";
    const input = { description: "Add up", prompt: "PLAY inner", subagent_type: "general-purpose" };
    return calls([name, { ...input, run_in_background: false }]);
  },
  inner: ({ results }) =>
    results.length === 0
      ? calls(["Bash", { command: 'echo "inner $((6 * 7))"' }])
      : { content: `Inside: ${results.join()}` },
  /** A tool of the client by its whole name. */
  call: ({ detail, results }) =>
    results.length === 0 ? calls([detail, { a: 20, b: 22 }]) : { content: `Tool: ${results.join()}` },
};

/** Plays what the last prompt names. */
export const claudeCodeScenario: ScenarioFunction = (request) => {
  const at = request.messages.findLastIndex((message) => namesIn(message).length > 0);
  const prompt = request.messages[at];
  const found = prompt === undefined ? undefined : [...toText(prompt).matchAll(PROMPT)].at(-1)?.groups;
  const play = PLAYS[found?.["name"] ?? ""];
  if (play === undefined) return { content: "Nothing to play." };
  const results = readResults(request.messages.slice(at + 1));
  return play({ detail: found?.["detail"] ?? "", results, request });
};

function calls(...list: readonly (readonly [name: string, input: object])[]): ScenarioTurn {
  const uses: readonly ContentBlock[] = list.map(([name, input]) => ({ type: "tool_use", name, input }));
  return { content: [{ type: "text", text: "I will see." }, ...uses] };
}

function findPrompts({ messages }: ModelRequest): readonly string[] {
  return messages.flatMap(namesIn);
}

/** Prompts in a turn of the user; what Claude Code quotes in results does not count. */
function namesIn(message: ModelMessage): string[] {
  if (message.role !== "user") return [];
  return [...toText(message).matchAll(PROMPT)].map((match) => match.groups?.["name"] ?? "");
}

function toText({ content }: ModelMessage): string {
  if (typeof content === "string") return content;
  return content.map(({ type, text }) => (type === "text" ? String(text) : "")).join("\n");
}

/** By id: results of calls that run at once come in any order. */
function readResults(messages: readonly ModelMessage[]): readonly string[] {
  const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  const results = new Map(blocks.map((block) => [block["tool_use_id"], block]));
  return blocks.flatMap((block) => {
    const result = block.type === "tool_use" ? results.get(block["id"]) : undefined;
    return result === undefined ? [] : [toResultText(result["content"])];
  });
}

function toResultText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return (content as readonly ContentBlock[])
    .map(({ text }) => (typeof text === "string" ? text : ""))
    .join("");
}
