/**
 * `toolscript run "question"`: puts a question to a model that has the user's tools.
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { AgentAnswer, AgentEvent } from "../../agent/agent-event.ts";
import { describeEvent, describeFigures, describeStatus } from "../agent-report.ts";
import { EXIT_CODES } from "../failure.ts";
import type { RegisterJob } from "../job.ts";
import { print } from "../output.ts";
import { createProgress, type Progress } from "../progress.ts";
import { resolveModel } from "../resolve-model.ts";
import { resolveSandbox } from "../resolve-sandbox.ts";
import { loadToolsFile } from "../tools-file.ts";
import { addJsonOption, addSandboxOption } from "./options.ts";

interface RunOptions {
  readonly tools: string;
  readonly model: string;
  readonly modelUrl?: string;
  readonly region?: string;
  readonly sandbox: string;
  readonly calling: "programmatic" | "direct";
  readonly maxCells?: number;
  readonly json?: boolean;
}

/** Stop reasons with which a model has said all it wanted to say. */
const COMPLETE = new Set<string>(["end_turn", "stop_sequence"]);

const EXAMPLES = `
Examples:
  $ toolscript run "Who is over budget?" --tools tools.ts --model bedrock:amazon.nova-pro-v1:0 --region us-east-1
  $ toolscript run "Who is over budget?" --tools tools.ts --model anthropic:claude-sonnet-4-5 --json
  $ toolscript run "Who is over budget?" --tools tools.ts --model scripted:scenario.json`;

/** Adds the command to the program. */
export function addRunCommand(program: Command, register: RegisterJob): void {
  const command = program
    .command("run <question>")
    .description("put a question to a model that writes a script over your tools")
    .requiredOption("--tools <file>", "file that exports the tools")
    .requiredOption("--model <name>", "bedrock:ID, anthropic:NAME or scripted:FILE")
    .option("--model-url <url>", "address of the model's service, in place of its usual one", parseUrl)
    .option("--region <name>", "AWS region, in place of the one that the environment names");
  addSandboxOption(command)
    .addOption(
      new Option("--calling <way>", "how the model calls tools")
        .choices(["programmatic", "direct"])
        .default("programmatic"),
    )
    .option("--max-cells <number>", "scripts that the model may write", parseCount);
  addJsonOption(command).addHelpText("after", EXAMPLES);
  command.action((question: string, options: RunOptions) =>
    register((signal) => run(question, options, signal)),
  );
}

async function run(question: string, options: RunOptions, signal: AbortSignal): Promise<number> {
  const json = options.json === true;
  const tools = await loadToolsFile(options.tools);
  const model = await resolveModel(options.model, options);
  const { createAgent } = await import("../../agent/create-agent.ts");
  const sandbox = await resolveSandbox(options.sandbox);
  const progress = createProgress({ quiet: json });
  try {
    if (model.scripted) progress.note("No model is called: the answers come from a scenario");
    const { calling, maxCells } = options;
    await using agent = createAgent({
      model,
      sandbox,
      tools,
      calling,
      ...(maxCells !== undefined && { maxCells }),
    });
    const answer = await follow(agent.stream(question, { signal }), progress);
    progress.close();
    if (json) print(process.stdout, `${JSON.stringify(toJson(question, model.id, answer))}\n`);
    else printAnswer(answer, progress);
    return COMPLETE.has(answer.stopReason) ? EXIT_CODES.ok : EXIT_CODES.failed;
  } finally {
    progress.close();
    await sandbox.close();
  }
}

async function follow(events: AsyncIterable<AgentEvent>, progress: Progress): Promise<AgentAnswer> {
  let calls = 0;
  for await (const event of events) {
    if (event.type === "answer") return event.answer;
    if (event.type === "tool-call") calls += 1;
    const note = describeEvent(event);
    if (note !== undefined) progress.note(note);
    const status = describeStatus(event, calls);
    if (status !== undefined) progress.status(status);
  }
  throw new Error("The agent ended without an answer");
}

function printAnswer(answer: AgentAnswer, progress: Progress): void {
  if (answer.text !== "") progress.write(process.stdout, `${answer.text}\n`);
  if (!COMPLETE.has(answer.stopReason)) {
    progress.note(`The answer is not complete: the model stopped with "${answer.stopReason}"`);
  }
  progress.note(describeFigures(answer));
}

/** What `--json` prints: the answer without the conversation, which may hold whole records. */
function toJson(question: string, model: string, answer: AgentAnswer): Record<string, unknown> {
  const { messages: _messages, text, ...figures } = answer;
  return { question, model, answer: text, ...figures };
}

function parseUrl(text: string): string {
  if (URL.canParse(text)) return text;
  throw new InvalidArgumentError("Wanted a URL such as http://localhost:4010.");
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("Wanted a whole number above 0.");
}
