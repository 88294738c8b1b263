/**
 * What every real client is put before: `toolscript serve` as a process of its own, the Bedrock emulator behind it with
 * the scripted expense audit, and the tools' data on the client's side.
 */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isCorrectAnswer } from "../../../examples/expense-auditor/answer.ts";
import { createExpenseTools } from "../../../examples/expense-auditor/create-expense-tools.ts";
import { openExpenseDatabase } from "../../../examples/expense-auditor/data.ts";
import { findExpectedFindings, type Finding } from "../../../examples/expense-auditor/expected.ts";
import { wireScenario } from "../../../examples/expense-auditor/scenario.ts";
import {
  EMULATOR_CREDENTIALS,
  type RecordedRequest,
  startBedrockEmulator,
} from "../../../src/emulator/emulator.ts";
import { addKey } from "../../../src/proxy/access/edit-key-file.ts";
import { startCli } from "../../run-cli.ts";

/** The model's name in requests; no such model is called. */
export const MODEL = "claude-sonnet-5";
/** Milliseconds that an audit may take: a process, a sandbox, a client, on a machine that has other things to do. */
export const AUDIT_TIMEOUT_MS = 120_000;
/** The code execution tool as clients declare it. */
export const CODE_TOOL = { type: "code_execution_20260120", name: "code_execution" } as const;

/** A tool of the client, in the terms of any SDK. */
export interface ClientTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  /** Runs it, as text. */
  run(input: unknown): Promise<string>;
}

/** A server and what is around it. */
export interface AuditServer extends AsyncDisposable {
  /** What a client uses as its base URL. */
  readonly url: string;
  readonly key: string;
  readonly tools: readonly ClientTool[];
  /** A file with the answer of every call, `NAME INPUT-JSON` → text, for clients that are no JavaScript. */
  readonly answersFile: string;
  /** The tools as the Messages API declares them, code execution first. */
  readonly declarations: readonly Readonly<Record<string, unknown>>[];
  readonly expected: readonly Finding[];
  /** Requests that came to the model. */
  readonly samples: readonly RecordedRequest[];
  clearSamples(): void;
  /** "correct", or the answer that is not. */
  judge(answer: string): string;
}

/** Starts everything. */
export async function startAuditServer(args: readonly string[] = []): Promise<AuditServer> {
  const emulator = await startBedrockEmulator({ scenario: wireScenario });
  const folder = await mkdtemp(join(tmpdir(), "toolscript-clients-"));
  const keysFile = join(folder, "keys.json");
  const key = await addKey(keysFile, { name: "client", models: ["claude-*"] });
  const database = openExpenseDatabase();
  const tools = createClientTools(database);
  const answersFile = join(folder, "answers.json");
  await writeFile(answersFile, JSON.stringify(await collectAnswers(tools)));
  const server = await startServer(["--upstream-url", emulator.url, "--keys", keysFile, ...args]);
  const expected = findExpectedFindings(database);
  return {
    url: server.url,
    key,
    tools,
    answersFile,
    declarations: [CODE_TOOL, ...tools.map(toDeclaration)],
    expected,
    get samples() {
      return emulator.requests;
    },
    clearSamples: () => emulator.clearRequests(),
    judge: (answer) => (isCorrectAnswer(answer, expected) ? "correct" : `wrong: ${answer}`),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await emulator.close();
      await rm(folder, { recursive: true });
    },
  };
}

function createClientTools(database: ReturnType<typeof openExpenseDatabase>): readonly ClientTool[] {
  return createExpenseTools({ database, delayMultiplier: 0 }).map((tool) => ({
    name: tool.name,
    description: tool.description,
    inputSchema: tool.inputSchema,
    async run(input) {
      const parsed = await tool.parseInput(input);
      if (!parsed.ok || tool.execute === undefined) {
        throw new Error(parsed.ok ? "not runnable" : parsed.message);
      }
      const context = { signal: new AbortController().signal, callId: "call" };
      return JSON.stringify(await tool.execute(parsed.value, context));
    },
  }));
}

/** Every answer that the audit can ask for, by the tool's name and the JSON of its input. */
async function collectAnswers(tools: readonly ClientTool[]): Promise<Record<string, string>> {
  const [team, expenses, budget] = tools;
  if (team === undefined || expenses === undefined || budget === undefined) {
    throw new Error("Three tools are needed");
  }
  const answers: Record<string, string> = {};
  const ask = async (tool: ClientTool, input: object): Promise<string> =>
    (answers[`${tool.name} ${JSON.stringify(input)}`] = await tool.run(input));
  const people = JSON.parse(await ask(team, { department: "engineering" })) as readonly {
    readonly id: string;
  }[];
  for (const { id } of people) {
    await ask(expenses, { employee_id: id, quarter: "Q3" });
    await ask(budget, { user_id: id });
  }
  return answers;
}

function toDeclaration({ name, description, inputSchema }: ClientTool): Readonly<Record<string, unknown>> {
  return { name, description, input_schema: inputSchema, allowed_callers: [CODE_TOOL.type] };
}

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

async function startServer(args: readonly string[]): Promise<Server> {
  const { accessKeyId, secretAccessKey } = EMULATOR_CREDENTIALS;
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: "us-east-1",
  };
  const child = startCli(["serve", "--port", "0", ...args], { env });
  const closed = once(child, "close");
  const errors: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  if (child.stdout === null) throw new Error("The server has no output");
  const listening = Promise.withResolvers<string>();
  createInterface(child.stdout).on("line", (line) => {
    const { event, url } = JSON.parse(line) as { event: string; url?: string };
    if (event === "listening" && url !== undefined) listening.resolve(url);
  });
  const ended = closed.then(() => Promise.reject(new Error(`The server ended early: ${errors.join("")}`)));
  ended.catch(() => {}); // after the start its end is expected
  return {
    url: await Promise.race([listening.promise, ended]),
    async stop() {
      child.kill("SIGTERM");
      await closed;
    },
  };
}
