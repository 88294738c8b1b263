/**
 * Bad requests: each row of the wire page's table of errors, and of the table of bad input, with status and words.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  ask,
  closeSharedSandbox,
  CODE,
  createScene,
  directTool,
  fitting,
  type Scene,
  scriptTool,
  withText,
} from "../../test/fixtures/proxy-scene.ts";

afterAll(closeSharedSandbox);

async function refusalOf(
  scene: Scene,
  body: unknown,
): Promise<{ status: number; type: string; message: string }> {
  const { status, body: answered, headers } = await scene.post(body);
  expect(answered).toEqual({
    type: "error",
    error: { type: fitting(/./), message: fitting(/./) },
    request_id: headers.get("request-id"),
  });
  return { status, ...answered.error };
}

describe("requests that are wrong", () => {
  const ptc = (more: Record<string, unknown>) => ask([CODE, scriptTool("get", more)]);
  const circular = {
    type: "object",
    properties: { child: { $ref: "#/$defs/node" } },
    $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
  };

  test.each<[string, unknown, string]>([
    ["no JSON", "{", "The request body is not valid JSON"],
    ["nothing", "", "The request body is empty"],
    ["an array", "[]", "Input should be a valid dictionary"],
    ["no model", { max_tokens: 1, messages: [{ role: "user", content: "x" }] }, "model: Field required"],
    ["a wrong type", ask([], { max_tokens: "9" }), "max_tokens: Input should be a valid integer"],
    ["no tokens", ask([], { max_tokens: 0 }), "max_tokens: Input should be greater than or equal to 1"],
    ["no messages", ask([], { messages: [] }), "messages: at least one message is required"],
    [
      "an unknown role",
      ask([], { messages: [{ role: "tool", content: "x" }] }),
      "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ],
    [
      "a block without a type",
      ask([], { messages: [{ role: "user", content: [{ text: "x" }] }] }),
      "messages.0.content.0.type: Field required",
    ],
    [
      "a text that is none",
      ask([], { messages: [{ role: "user", content: [{ type: "text", text: 5 }] }] }),
      "messages.0.content.0.text.text: Input should be a valid string",
    ],
    ["deep nesting", "[".repeat(100_000), "nested deeper than 500 levels"],
    [
      "duplicate tool names",
      ask([directTool("a"), directTool("a")]),
      'tools: Tool names must be unique; "a" is given twice',
    ],
    [
      "another name of the code tool [proxy.code-tool-name]",
      ask([{ ...CODE, name: "python" }]),
      "tools.0.code_execution_20260120.name: Input should be 'code_execution'",
    ],
    [
      "an unknown version of the code tool",
      ask([{ ...CODE, type: "code_execution_20990101" }]),
      "is not supported by this server",
    ],
    [
      "a bad tool name [proxy.tool-name-pattern]",
      ask([directTool("a b")]),
      "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ],
    [
      "an unknown caller [proxy.allowed-callers-values]",
      ptc({ allowed_callers: ["python"] }),
      "tools.1.custom.allowed_callers.0: Input should be 'direct', 'code_execution_20250825', 'code_execution_20260120' or 'code_execution_20260521'",
    ],
    [
      "a code-only tool without the code tool",
      ask([scriptTool("get")]),
      'Tool "get" can only be called from code execution',
    ],
    [
      "a forced tool that is not direct [proxy.error-tool-choice]",
      ask(undefined, { tool_choice: { type: "tool", name: "get" } }),
      'does not include "direct"',
    ],
    [
      "strict with a code caller [proxy.error-strict]",
      ptc({ strict: true }),
      "tools.1.custom.strict: Strict tools cannot be called from code execution",
    ],
    [
      "disable_parallel_tool_use with a code caller [proxy.error-parallel]",
      ask(undefined, { tool_choice: { type: "auto", disable_parallel_tool_use: true } }),
      "tool_choice.disable_parallel_tool_use: Not supported",
    ],
    [
      "a recursive schema of a code tool [proxy.error-circular-ref]",
      ptc({ input_schema: circular }),
      "tools.1.custom.input_schema: Circular $ref detected",
    ],
    [
      "a schema that is none",
      ptc({ input_schema: { type: "object", properties: 5 } }),
      "is not a valid JSON Schema",
    ],
    [
      "an example that does not fit [proxy.error-input-examples] [proxy.input-examples]",
      ptc({ input_examples: [{ n: "one" }] }),
      'its input example "1" does not fit',
    ],
    [
      "an example of a direct tool that does not fit [proxy.error-input-examples]",
      ask([{ ...directTool("a"), input_examples: [5] }]),
      "tools.0.custom.input_examples.0",
    ],
    [
      "the MCP connector [proxy.error-mcp]",
      ask([], { mcp_servers: [{}] }),
      "mcp_servers: The MCP connector is not supported",
    ],
    [
      "a toolset with a code caller [proxy.toolset-callers]",
      ask([
        CODE,
        { type: "computer_toolset_20260801", name: "computer", allowed_callers: ["code_execution_20260120"] },
      ]),
      "can only be called directly",
    ],
    [
      "web search [proxy.web-tools]",
      ask([{ type: "web_search_20260209", name: "web_search" }]),
      "Web search is not supported",
    ],
    [
      "skills [proxy.skills-refused]",
      ask([CODE], { container: { id: null, skills: [{ skill_id: "xlsx", type: "anthropic" }] } }),
      "container.skills: Skills are not supported",
    ],
    [
      "a file",
      ask([CODE], { messages: [{ role: "user", content: [{ type: "container_upload", file_id: "f" }] }] }),
      "Files are not supported",
    ],
    [
      "a file as a source",
      ask([], {
        messages: [{ role: "user", content: [{ type: "document", source: { type: "file", file_id: "f" } }] }],
      }),
      "Files are not supported",
    ],
    [
      "the bash sub-tool [proxy.sub-tools]",
      ask([CODE], {
        messages: [
          {
            role: "assistant",
            content: [{ type: "server_tool_use", id: "srvtoolu_1", name: "bash_code_execution", input: {} }],
          },
        ],
      }),
      "The bash sub-tool of code execution is not supported",
    ],
    [
      "all tools deferred [proxy.error-all-deferred]",
      ask([{ ...directTool("a"), defer_loading: true }]),
      "At least one tool must have defer_loading=false",
    ],
    [
      "a reference to no tool [proxy.error-tool-reference]",
      ask([directTool("a")], {
        messages: [
          { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "a", input: {} }] },
          {
            role: "user",
            content: [
              {
                type: "tool_result",
                tool_use_id: "toolu_1",
                content: [{ type: "tool_reference", tool_name: "b" }],
              },
            ],
          },
        ],
      }),
      "Tool reference 'b' not found in available tools",
    ],
  ])("%s", async (_title, body, text) => {
    const { status, type, message } = await refusalOf(createScene([{ content: "never" }]), body);
    expect(message).toContain(text);
    expect({ status, type }).toEqual({ status: 400, type: "invalid_request_error" });
  });

  test("a conversation that the server is to hold, with the details that make SDKs do without", async () => {
    const { status, body } = await createScene([]).post(ask([], { thread: { type: "create" } }));
    expect({ status, error: body.error }).toEqual({
      status: 400,
      error: {
        type: "invalid_request_error",
        message: withText("Message threads are not supported"),
        details: { error_code: "thread_unsupported_request", unsupported: ["thread"] },
      },
    });
  });

  test("more than 100,000 messages [proxy.error-message-count]", async () => {
    const messages = Array.from({ length: 100_001 }, () => ({ role: "user", content: "x" }));
    const { message } = await refusalOf(createScene([]), ask([], { messages }));
    expect(message).toBe("messages: List should have at most 100000 items after validation, not 100001");
  });

  test("33 MB [proxy.error-too-large]", async () => {
    const body = JSON.stringify(ask([], { system: "x".repeat(33 * 1024 * 1024) }));
    const { status, type } = await refusalOf(createScene([]), body);
    expect({ status, type }).toEqual({ status: 413, type: "request_too_large" });
  });

  test("no version, or one that is none", async () => {
    const scene = createScene([]);
    for (const [version, text] of [
      ["", "header is required"],
      ["latest", "is not a valid version"],
    ]) {
      const { status, body } = await scene.post(ask(), { "anthropic-version": version ?? "" });
      expect(status).toBe(400);
      expect(body.error.message).toContain(text);
    }
  });

  test("unknown routes and methods", async () => {
    const { proxy } = createScene([]);
    const get = async (path: string, method = "GET") => {
      const response = await proxy.fetch(new Request(`http://localhost${path}`, { method }));
      const { error } = (await response.json()) as { error: { type: string } };
      return [response.status, error.type, response.headers.get("request-id")];
    };
    const id = fitting(/^req_/);
    expect(await get("/v1/nothing")).toEqual([404, "not_found_error", id]);
    expect(await get("/v1/messages")).toEqual([405, "invalid_request_error", id]);
    expect(await get("/v1/models", "DELETE")).toEqual([405, "invalid_request_error", id]);
    expect(await get("/v1/files")).toEqual([400, "invalid_request_error", id]);
    expect(await get("/v1/messages/batches", "POST")).toEqual([400, "invalid_request_error", id]);
  });

  test("a direct tool may have a recursive schema [proxy.error-circular-ref]", async () => {
    const { status } = await createScene([{ content: "ok" }]).post(
      ask([{ ...directTool("a"), input_schema: circular }]),
    );
    expect(status).toBe(200);
  });
});
