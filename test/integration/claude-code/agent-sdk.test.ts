/**
 * The Claude Agent SDK, unmodified, with a tool of its own process: MCP servers make long names, which reach the model
 * and come back whole.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { requireOrSkip } from "../../require.ts";
import { type ClaudeScene, MODELS, RUN_TIMEOUT_MS, startClaudeScene } from "./claude-scene.ts";
import { NEWEST_CLAUDE_CODE, prepareAgentSdk, prepareClaudeCode } from "./prepare-claude-code.ts";

vi.setConfig({ testTimeout: RUN_TIMEOUT_MS, hookTimeout: RUN_TIMEOUT_MS });

/** What is used of the SDK; it is no dependency, so its types are not here. */
interface AgentSdk {
  query(request: { readonly prompt: string; readonly options: object }): AsyncIterable<SdkMessage>;
  tool(name: string, description: string, shape: object, run: (input: Sum) => Promise<object>): object;
  createSdkMcpServer(server: { readonly name: string; readonly tools: readonly object[] }): object;
}

interface SdkMessage {
  readonly type: string;
  readonly result?: string;
  readonly is_error?: boolean;
}

interface Sum {
  readonly a: number;
  readonly b: number;
}

interface Installed {
  readonly program: string;
  readonly sdk: AgentSdk;
  /** The members of an input: two numbers. */
  readonly shape: object;
}

let installed: Installed | undefined;
const skip = await requireOrSkip("claude-code", async () => {
  const folder = await prepareAgentSdk();
  const { resolve } = createRequire(join(folder, "package.json"));
  const load = async (name: string): Promise<unknown> => await import(pathToFileURL(resolve(name)).href);
  const { z } = (await load("zod")) as { readonly z: { number(): object } };
  installed = {
    program: await prepareClaudeCode(NEWEST_CLAUDE_CODE),
    sdk: (await load("@anthropic-ai/claude-agent-sdk")) as AgentSdk,
    shape: { a: z.number(), b: z.number() },
  };
  return true;
});

describe.skipIf(skip)("the Agent SDK", () => {
  let scene: ClaudeScene;
  beforeAll(async () => {
    scene = await startClaudeScene();
  });
  afterAll(async () => await scene[Symbol.asyncDispose]());
  beforeEach(() => scene.clearRequests());

  test.each([79, 128])("uses an MCP tool with a name of %i characters", async (length) => {
    const name = "add_two_numbers_".padEnd(length - "mcp__sums__".length, "x");
    const inputs: Sum[] = [];
    const result = await ask(scene, name, async (input) => {
      inputs.push(input);
      return { content: [{ type: "text", text: `sum ${input.a + input.b}` }] };
    });
    expect([result, inputs]).toEqual(["Tool: sum 42", [{ a: 20, b: 22 }]]);
    expect(scene.refusals).toEqual([]);
    expect(scene.requests.map(({ status }) => status)).toEqual([200, 200]);
  });
});

/** Runs one prompt that calls the tool; what was answered at the end. */
async function ask(
  scene: ClaudeScene,
  name: string,
  run: (input: Sum) => Promise<object>,
): Promise<string | undefined> {
  if (installed === undefined) throw new Error("Nothing is installed");
  const { sdk, program, shape } = installed;
  const whole = `mcp__sums__${name}`;
  const server = sdk.createSdkMcpServer({ name: "sums", tools: [sdk.tool(name, "Adds", shape, run)] });
  const options = {
    model: MODELS.proxy,
    cwd: scene.folder,
    env: await scene.environment("proxy"),
    pathToClaudeCodeExecutable: program,
    mcpServers: { sums: server },
    allowedTools: [whole],
  };
  const messages: SdkMessage[] = [];
  for await (const message of sdk.query({ prompt: `PLAY call ${whole}`, options })) messages.push(message);
  return messages.find(({ type }) => type === "result")?.result;
}
