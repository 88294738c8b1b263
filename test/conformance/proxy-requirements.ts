/**
 * The wire of programmatic tool calling, row by row: what a client of the Messages API sends and sees. Each row is cited
 * by at least one test, as `[id]` in its title, or has a reason why there is none; `proxy-requirements.test.ts` fails
 * otherwise. The sources name the sections of the wire's description, from which `docs/proxy.md` is written.
 */
import type { Requirement } from "./requirements.ts";

/** One row. */
export interface ProxyRequirement extends Requirement {
  /** Why no test of the proxy shows it. */
  readonly reason?: string;
}

const INTRODUCTION: readonly ProxyRequirement[] = [
  { id: "proxy.beta-headers", source: "wire, timeline", says: "no beta header is needed; old ones are accepted and change nothing" },
  { id: "proxy.versions", source: "wire, timeline", says: "anthropic-version 2023-06-01 and 2026-10-21 are both accepted" },
  { id: "proxy.keys-both-ways", source: "wire, timeline", says: "the key may come as X-Api-Key or as Authorization: Bearer" },
  { id: "proxy.beta-query", source: "wire, timeline", says: "?beta=true is accepted" },
];

const REQUEST: readonly ProxyRequirement[] = [
  { id: "proxy.container-string", source: "wire 2", says: "container may be an id" },
  { id: "proxy.container-object", source: "wire 2", says: "container may be an object with an id" },
  { id: "proxy.container-null", source: "wire 2", says: "container null or absent means a new one when a script needs it" },
  { id: "proxy.skills-refused", source: "wire 2; issue 4, part 7", says: "container.skills is a clear 400" },
  { id: "proxy.code-tool-types", source: "wire 2", says: "all four types of the code execution tool are accepted" },
  { id: "proxy.code-tool-name", source: "wire 2", says: "the name of the code execution tool is fixed" },
  { id: "proxy.tool-name-pattern", source: "wire 2", says: "tool names match ^[a-zA-Z0-9_-]{1,64}$" },
  { id: "proxy.input-examples", source: "wire 2", says: "each input example fits the schema, otherwise 400" },
  { id: "proxy.allowed-callers-values", source: "wire 2", says: "allowed_callers takes the four documented values and no other" },
  { id: "proxy.allowed-callers-default", source: "wire 2", says: "without allowed_callers a tool is direct" },
  { id: "proxy.both-callers", source: "wire 2", says: "a tool with both callers is offered both ways" },
  { id: "proxy.toolset-callers", source: "wire 2", says: "toolsets and other built-in tools take the caller direct only" },
  { id: "proxy.web-tools", source: "wire 2; issue 4, part 7", says: "web search and web fetch are a clear 400" },
  { id: "proxy.callers-interchangeable", source: "wire 2", says: "the versions of the code caller are interchangeable in a request" },
  { id: "proxy.mirror-old-caller", source: "wire 2, 13", says: "responses say code_execution_20260120, and code_execution_20250825 where that was asked for" },
  { id: "proxy.callers-enforced", source: "wire 2; issue 4, part 1", says: "a direct call of a code-only tool goes back to the model as an error; the client never sees it" },
  { id: "proxy.tools-may-change", source: "issue 4, part 1", says: "tools may change between requests; a call of one that is gone raises ToolError" },
];

const RUNTIME: readonly ProxyRequirement[] = [
  { id: "proxy.dict-in-text-out", source: "wire 3", says: "tools are async functions that take one dict and return the text of the result" },
  { id: "proxy.runtime", source: "wire 3", says: "top-level await, asyncio.gather and asyncio.run work" },
  { id: "proxy.repl-persists", source: "wire 3", says: "variables survive between cells and between requests with the same container" },
  { id: "proxy.only-output-seen", source: "wire 3", says: "only what the script prints reaches the model" },
  { id: "proxy.no-network", source: "wire 3", says: "scripts have no network", reason: "a property of the sandboxes: their probes and the sandbox contract show it" },
  { id: "proxy.packages", source: "wire 3", says: "pandas and other packages are installed", reason: "a property of the sandbox's image; the embedded sandbox has the standard library, as docs/proxy.md says" },
  { id: "proxy.sizes", source: "wire 3", says: "5 GiB of memory and disk, one processor", reason: "options of the sandbox, with defaults of their own; docs/proxy.md names them" },
  { id: "proxy.cell-limit", source: "wire 3", says: "a cell that computes too long is a result with a return code and a notice" },
  { id: "proxy.execution-time-exceeded", source: "wire 3", says: "a script that cannot be interrupted is execution_time_exceeded" },
  { id: "proxy.wait-not-counted", source: "wire 3, 13", says: "time in which a script waits for its client does not count" },
  { id: "proxy.tool-wait-timeout", source: "wire 3, 6", says: "a call without a result in time raises TimeoutError in the script, in the API's words" },
  { id: "proxy.late-results", source: "issue 4, part 1", says: "late results are accepted and ignored; calls made meanwhile come with the next response" },
  { id: "proxy.sub-tools", source: "wire 3; issue 4, part 7", says: "the bash and text editor sub-tools are a clear 400" },
];

const BLOCKS: readonly ProxyRequirement[] = [
  { id: "proxy.caller-everywhere", source: "wire 4", says: "every tool_use and server_tool_use has a caller" },
  { id: "proxy.result-block", source: "wire 4", says: "a result is code_execution_result with stdout, stderr, return_code and content" },
  { id: "proxy.encrypted-result", source: "wire 4", says: "encrypted results replace plain ones after web search", reason: "there is no web search; such a block in a history is accepted and its output is unreadable" },
  { id: "proxy.result-error-codes", source: "wire 4, 6", says: "failures in band use the documented error codes" },
  { id: "proxy.sub-tool-results", source: "wire 4", says: "shapes of bash, text editor, web search and web fetch results", reason: "these tools are refused: proxy.sub-tools, proxy.web-tools" },
  { id: "proxy.container-shape", source: "wire 4", says: "container has id, expires_at (ISO 8601) and skills" },
  { id: "proxy.message-shape", source: "wire 4", says: "messages have the documented fields" },
  { id: "proxy.extra-keys", source: "wire 4", says: "keys that nobody knows pass through" },
  { id: "proxy.id-prefixes", source: "wire 4", says: "ids begin with msg_, toolu_, srvtoolu_ and container_" },
];

const CONVERSATION: readonly ProxyRequirement[] = [
  { id: "proxy.pause", source: "wire 5.1", says: "a pause has server_tool_use, one tool_use per call, stop_reason tool_use and container" },
  { id: "proxy.pending-marker", source: "wire 5.1", says: "a pending execution is a server_tool_use without its result, and nothing else" },
  { id: "proxy.continue", source: "wire 5.2", says: "results go on with the script" },
  { id: "proxy.container-mandatory", source: "wire 5.2", says: "the container is mandatory while a script waits" },
  { id: "proxy.next-pause", source: "wire 5.3", says: "the next pause holds the new calls, and results of scripts that ended, alone" },
  { id: "proxy.not-repeated", source: "wire 5.3", says: "server_tool_use is not repeated" },
  { id: "proxy.zero-usage", source: "wire 5.3, 7", says: "a response that needed no sample reports zero tokens" },
  { id: "proxy.completion", source: "wire 5.4", says: "the completion begins with the result, then what was sampled" },
  { id: "proxy.separate-messages", source: "wire 5.5", says: "history stays as separate messages, paired by id" },
  { id: "proxy.parallel-calls", source: "wire 5.6", says: "a gather is one response; results match by id in any order" },
  { id: "proxy.several-scripts", source: "wire 5.6", says: "several scripts may be pending or finished in one message" },
  { id: "proxy.mixed-turn", source: "wire 5.7", says: "a script beside a direct call starts when the results of the direct calls have come" },
  { id: "proxy.pause-turn", source: "wire 5.8", says: "pause_turn at the iteration limit; the content sent again goes on" },
  { id: "proxy.max-tokens", source: "issue 4, part 1", says: "max_tokens inside a script never runs it" },
  { id: "proxy.forced-once", source: "issue 4, part 1", says: "a forced tool choice holds for the first sample of a turn" },
  { id: "proxy.thinking", source: "issue 4, part 1", says: "thinking blocks and signatures pass through unchanged" },
  { id: "proxy.cache-control", source: "issue 4, part 1", says: "prompt caching markers keep working" },
  { id: "proxy.results-only", source: "wire 5.1 rules", says: "nothing but tool_result in the answer to a script's calls, before or after" },
  { id: "proxy.text-results", source: "wire 5.1 rules", says: "results of scripts' calls are strings or text blocks" },
  { id: "proxy.is-error", source: "wire 5.1 rules", says: "is_error raises ToolError with the text" },
  { id: "proxy.call-rate", source: "wire 5.1 rules", says: "each programmatic call counts for rate limits", reason: "limits count requests and containers; calls run at the client" },
];

const STREAMING: readonly ProxyRequirement[] = [
  { id: "proxy.stream-events", source: "wire 5.2 streaming", says: "message_start has no content; standard events follow, also when nothing was sampled" },
  { id: "proxy.stream-prefilled", source: "wire 5.2 streaming", says: "on request, what needed no sample comes as a filled message_start and message_stop" },
  { id: "proxy.stream-code-deltas", source: "wire 5.2 streaming", says: "server_tool_use starts with an empty input, then input_json_delta, the first one empty" },
  { id: "proxy.stream-whole-blocks", source: "wire 5.2 streaming", says: "programmatic calls and results come whole in content_block_start" },
  { id: "proxy.stream-container", source: "wire 5.2 streaming", says: "container and stop_details come in message_delta" },
  { id: "proxy.stream-ping", source: "wire 5.2 streaming", says: "pings keep a stream alive while a script runs" },
  { id: "proxy.stream-same", source: "issue 4, part 2", says: "streamed and plain responses are the same message" },
  { id: "proxy.stream-error", source: "issue 4, part 2", says: "a fault in mid-stream is the error event" },
  { id: "proxy.back-pressure", source: "issue 4, part 2", says: "a slow client holds back the upstream" },
  { id: "proxy.client-leaves", source: "issue 4, part 2", says: "a client that leaves stops the upstream and its script" },
];

const CONTAINERS: readonly ProxyRequirement[] = [
  { id: "proxy.expires-rolling", source: "wire 5.3 containers", says: "expires_at moves on with every response" },
  { id: "proxy.container-checkpoint", source: "wire 5.3 containers", says: "idle containers are checkpointed and restored for 30 days", reason: "an interpreter cannot be written to disk here: a container ends after its idle time, and says so" },
  { id: "proxy.container-expired", source: "wire 5.3 containers", says: "an expired id is an error that tells to send the request without it" },
  { id: "proxy.container-unknown", source: "issue 4, part 1", says: "an unknown id is an error of its own" },
  { id: "proxy.container-foreign", source: "issue 4, part 1", says: "an id of another key is an error of its own" },
  { id: "proxy.container-never-replaced", source: "wire 5.3 containers", says: "a container that was asked for is never replaced in silence" },
];

const ERRORS: readonly ProxyRequirement[] = [
  { id: "proxy.error-no-container", source: "wire 6", says: "a pending call without a container" },
  { id: "proxy.error-source-tool", source: "wire 6", says: "a caller that is not in the history" },
  { id: "proxy.error-missing-results", source: "wire 6", says: "missing, partial or late results" },
  { id: "proxy.error-unexpected-result", source: "wire 6", says: "a result for an id that is unknown or was answered" },
  { id: "proxy.error-extra-block", source: "wire 6", says: "another block beside the results while a script waits" },
  { id: "proxy.error-code-tool-lost", source: "wire 6", says: "a continuation without the code tool" },
  { id: "proxy.error-server-tool-result", source: "wire 6", says: "a tool_result for a srvtoolu_ id" },
  { id: "proxy.error-tool-choice", source: "wire 6", says: "a forced tool that is not direct" },
  { id: "proxy.error-strict", source: "wire 6", says: "strict with a code caller" },
  { id: "proxy.error-parallel", source: "wire 6", says: "disable_parallel_tool_use with code callers" },
  { id: "proxy.error-circular-ref", source: "wire 6", says: "a recursive schema of a code tool; a direct tool may have one" },
  { id: "proxy.error-mcp", source: "wire 6", says: "MCP connector tools" },
  { id: "proxy.error-input-examples", source: "wire 6", says: "an example that does not fit" },
  { id: "proxy.error-echo", source: "wire 6", says: "a malformed result block, with the path of the field" },
  { id: "proxy.error-beta-era", source: "wire 6", says: "tool_not_allowed and missing_beta_header", reason: "gone from the documentation; a client of today never sees them" },
  { id: "proxy.error-too-large", source: "wire 6", says: "32 MB: 413 request_too_large" },
  { id: "proxy.error-message-count", source: "wire 6", says: "100,000 messages" },
];

const REST: readonly ProxyRequirement[] = [
  { id: "proxy.results-out-of-context", source: "wire 7", says: "programmatic calls and results never reach the model" },
  { id: "proxy.usage", source: "wire 7", says: "usage of several samples is added up" },
  { id: "proxy.billing", source: "wire 7", says: "code execution is billed by the hour", reason: "nothing is billed here" },
  { id: "proxy.tool-search", source: "wire 8", says: "server-side tool search", reason: "the upstream's own: Bedrock's InvokeModel offers it, and its tools and blocks pass through" },
  { id: "proxy.error-all-deferred", source: "wire 8", says: "not all tools may be deferred" },
  { id: "proxy.error-tool-reference", source: "wire 8", says: "a reference to a tool that is not there" },
  { id: "proxy.fixture", source: "wire 12", says: "the expense audit", reason: "examples/expense-auditor has it, with tests of its own" },
  { id: "proxy.pass-through", source: "issue 4, part 1", says: "a request without code execution passes through" },
  { id: "proxy.shutdown", source: "issue 4, part 6", says: "shutting down refuses new conversations, lets paused ones finish, and leaves no container" },
];

/** Every row of the wire. */
export const proxyRequirements: readonly ProxyRequirement[] = [
  ...INTRODUCTION,
  ...REQUEST,
  ...RUNTIME,
  ...BLOCKS,
  ...CONVERSATION,
  ...STREAMING,
  ...CONTAINERS,
  ...ERRORS,
  ...REST,
];
