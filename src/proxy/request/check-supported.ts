/**
 * What the Claude API has and this server has not: each gets a 400 that names it, before anything is done.
 */
import { ApiError, invalidRequest } from "../errors/api-error.ts";
import type { RequestBody } from "./body-schema.ts";

/** Tool types that need a service behind them, by the start of the name. */
const UNSUPPORTED_TOOLS: ReadonlyMap<string, string> = new Map([
  ["web_search", "Web search"],
  ["web_fetch", "Web fetch"],
  ["mcp_toolset", "The MCP connector"],
  ["bash_code_execution", "The bash sub-tool of code execution"],
  ["text_editor_code_execution", "The text editor sub-tool of code execution"],
  ["code_execution", "This version of the code execution tool"],
  ["advisor", "The advisor tool"],
]);

/** Block types of the same. */
const UNSUPPORTED_BLOCKS: ReadonlyMap<string, string> = new Map([
  ["container_upload", "Files are"],
  ["bash_code_execution_tool_result", "The bash sub-tool of code execution is"],
  ["text_editor_code_execution_tool_result", "The text editor sub-tool of code execution is"],
  ["web_search_tool_result", "Web search is"],
  ["web_fetch_tool_result", "Web fetch is"],
  ["mcp_tool_use", "The MCP connector is"],
  ["mcp_tool_result", "The MCP connector is"],
]);

/** `server_tool_use` of tools that are not here. */
const UNSUPPORTED_SERVER_TOOLS: ReadonlyMap<string, string> = new Map([
  ["bash_code_execution", "The bash sub-tool of code execution is"],
  ["text_editor_code_execution", "The text editor sub-tool of code execution is"],
  ["web_search", "Web search is"],
  ["web_fetch", "Web fetch is"],
]);

/** @throws {ApiError} for a tool type that this server cannot offer */
export function checkSupportedTool(type: string, path: string): void {
  for (const [prefix, what] of UNSUPPORTED_TOOLS) {
    if (type.startsWith(prefix)) throw invalidRequest(`${path}: ${what} is not supported by this server`);
  }
}

/** @throws {ApiError} for a field of the body that this server cannot honour */
export function checkSupportedBody(body: RequestBody): void {
  if ((body["thread"] ?? null) !== null) throw threadsUnsupported();
  if ((body.mcp_servers ?? []).length > 0) {
    throw invalidRequest("mcp_servers: The MCP connector is not supported by this server");
  }
  const { container } = body;
  if (typeof container === "object" && container !== null && (container.skills ?? []).length > 0) {
    throw invalidRequest("container.skills: Skills are not supported by this server");
  }
}

/**
 * Conversations that the server holds. With these details the SDK's tool runner sends the whole conversation instead
 * (`@anthropic-ai/sdk` 1.12.0, `ThreadState.recoversFrom`).
 */
function threadsUnsupported(): ApiError {
  const message =
    "thread: Message threads are not supported by this server; send the whole conversation in `messages`";
  const details = { error_code: "thread_unsupported_request", unsupported: ["thread"] };
  return new ApiError("invalid_request_error", message, { details });
}

/** @throws {ApiError} for a block that this server cannot honour */
export function checkSupportedBlock(block: Readonly<Record<string, unknown>>, path: string): void {
  const type = String(block["type"]);
  const what =
    type === "server_tool_use"
      ? UNSUPPORTED_SERVER_TOOLS.get(String(block["name"]))
      : UNSUPPORTED_BLOCKS.get(type);
  if (what !== undefined) throw invalidRequest(`${path}: ${what} not supported by this server`);
  const { source } = block;
  if (typeof source === "object" && source !== null && Reflect.get(source, "type") === "file") {
    throw invalidRequest(`${path}.source: Files are not supported by this server`);
  }
}
