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

/** What the wire says, by source, then by id. */
const ROWS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "wire, timeline": {
    "proxy.beta-headers": "no beta header is needed; old ones are accepted and change nothing",
    "proxy.versions": "anthropic-version 2023-06-01 and 2026-10-21 are both accepted",
    "proxy.keys-both-ways": "the key may come as X-Api-Key or as Authorization: Bearer",
    "proxy.beta-query": "?beta=true is accepted",
  },
  "wire 2": {
    "proxy.container-string": "container may be an id",
    "proxy.container-object": "container may be an object with an id",
    "proxy.container-null": "container null or absent means a new one when a script needs it",
    "proxy.code-tool-types": "all four types of the code execution tool are accepted",
    "proxy.code-tool-name": "the name of the code execution tool is fixed",
    "proxy.tool-name-pattern": "tool names match ^[a-zA-Z0-9_-]{1,128}$",
    "proxy.input-examples": "each input example fits the schema, otherwise 400",
    "proxy.allowed-callers-values": "allowed_callers takes the four documented values and no other",
    "proxy.allowed-callers-default": "without allowed_callers a tool is direct",
    "proxy.both-callers": "a tool with both callers is offered both ways",
    "proxy.toolset-callers": "toolsets and other built-in tools take the caller direct only",
    "proxy.callers-interchangeable": "the versions of the code caller are interchangeable in a request",
  },
  "wire 2; issue 4, part 7": {
    "proxy.skills-refused": "container.skills is a clear 400",
    "proxy.web-tools": "web search and web fetch are a clear 400",
  },
  "wire 2, 13": {
    "proxy.mirror-old-caller":
      "responses say code_execution_20260120, and code_execution_20250825 where that was asked for",
  },
  "wire 2; issue 4, part 1": {
    "proxy.callers-enforced":
      "a direct call of a code-only tool goes back to the model as an error; the client never sees it",
  },
  "issue 4, part 1": {
    "proxy.retry": "a continuation that failed, or whose client left, may be sent again and loses nothing",
    "proxy.tools-may-change":
      "tools may change between requests; a call of one that is gone raises ToolError",
    "proxy.late-results":
      "late results are accepted and ignored; calls made meanwhile come with the next response",
    "proxy.max-tokens": "max_tokens inside a script never runs it",
    "proxy.forced-once": "a forced tool choice holds for the first sample of a turn",
    "proxy.thinking": "thinking blocks and signatures pass through unchanged",
    "proxy.cache-control": "prompt caching markers keep working",
    "proxy.container-unknown": "an unknown id is an error of its own",
    "proxy.container-foreign": "an id of another key is an error of its own",
    "proxy.pass-through": "a request without code execution passes through",
  },
  "wire 3": {
    "proxy.dict-in-text-out":
      "tools are async functions that take one dict and return the text of the result",
    "proxy.runtime": "top-level await, asyncio.gather and asyncio.run work",
    "proxy.repl-persists": "variables survive between cells and between requests with the same container",
    "proxy.only-output-seen": "only what the script prints reaches the model",
    "proxy.no-network": "scripts have no network",
    "proxy.packages": "pandas and other packages are installed",
    "proxy.sizes": "5 GiB of memory and disk, one processor",
    "proxy.cell-limit": "a cell that computes too long is a result with a return code and a notice",
    "proxy.execution-time-exceeded": "a script that cannot be interrupted is execution_time_exceeded",
  },
  "wire 3, 13": {
    "proxy.wait-not-counted": "time in which a script waits for its client does not count",
  },
  "wire 3, 6": {
    "proxy.tool-wait-timeout":
      "a call without a result in time raises TimeoutError in the script, in the API's words",
  },
  "wire 3; issue 4, part 7": {
    "proxy.sub-tools": "the bash and text editor sub-tools are a clear 400",
  },
  "wire 4": {
    "proxy.caller-everywhere": "every tool_use and server_tool_use has a caller",
    "proxy.result-block": "a result is code_execution_result with stdout, stderr, return_code and content",
    "proxy.encrypted-result": "encrypted results replace plain ones after web search",
    "proxy.sub-tool-results": "shapes of bash, text editor, web search and web fetch results",
    "proxy.container-shape": "container has id, expires_at (ISO 8601) and skills",
    "proxy.message-shape": "messages have the documented fields",
    "proxy.extra-keys": "keys that nobody knows pass through",
    "proxy.id-prefixes": "ids begin with msg_, toolu_, srvtoolu_ and container_",
  },
  "wire 4, 6": {
    "proxy.result-error-codes": "failures in band use the documented error codes",
  },
  "wire 5.1": {
    "proxy.pause": "a pause has server_tool_use, one tool_use per call, stop_reason tool_use and container",
    "proxy.pending-marker": "a pending execution is a server_tool_use without its result, and nothing else",
  },
  "wire 5.2": {
    "proxy.continue": "results go on with the script",
    "proxy.container-mandatory": "the container is mandatory while a script waits",
  },
  "wire 5.3": {
    "proxy.next-pause": "the next pause holds the new calls, and results of scripts that ended, alone",
    "proxy.not-repeated": "server_tool_use is not repeated",
  },
  "wire 5.3, 7": {
    "proxy.zero-usage": "a response that needed no sample reports zero tokens",
  },
  "wire 5.4": {
    "proxy.completion": "the completion begins with the result, then what was sampled",
  },
  "wire 5.5": {
    "proxy.separate-messages": "history stays as separate messages, paired by id",
  },
  "wire 5.6": {
    "proxy.parallel-calls": "a gather is one response; results match by id in any order",
    "proxy.several-scripts": "several scripts may be pending or finished in one message",
  },
  "wire 5.7": {
    "proxy.mixed-turn": "a script beside a direct call starts when the results of the direct calls have come",
  },
  "wire 5.8": {
    "proxy.pause-turn": "pause_turn at the iteration limit; the content sent again goes on",
  },
  "wire 5.1 rules": {
    "proxy.results-only": "nothing but tool_result in the answer to a script's calls, before or after",
    "proxy.text-results": "results of scripts' calls are strings or text blocks",
    "proxy.is-error": "is_error raises ToolError with the text",
    "proxy.call-rate": "each programmatic call counts for rate limits",
  },
  "wire 5.2 streaming": {
    "proxy.stream-events":
      "message_start has no content; standard events follow, also when nothing was sampled",
    "proxy.stream-prefilled":
      "on request, what needed no sample comes as a filled message_start and message_stop",
    "proxy.stream-code-deltas":
      "server_tool_use starts with an empty input, then input_json_delta, the first one empty",
    "proxy.stream-whole-blocks": "programmatic calls and results come whole in content_block_start",
    "proxy.stream-container": "container and stop_details come in message_delta",
    "proxy.stream-ping": "pings keep a stream alive while a script runs",
  },
  "issue 4, part 2": {
    "proxy.stream-same": "streamed and plain responses are the same message",
    "proxy.stream-error": "a fault in mid-stream is the error event",
    "proxy.back-pressure": "a slow client holds back the upstream",
    "proxy.client-leaves": "a client that leaves, and cannot come back, stops the upstream and its script",
    "proxy.system-messages":
      "a message of the system inside messages is passed on or folded, never between a call and its result",
    "proxy.should-retry": "an error says whether to try again, and when",
    "proxy.repeats": "the same request again gets the same response, also while it is being made",
  },
  "wire 5.3 containers": {
    "proxy.expires-rolling": "expires_at moves on with every response",
    "proxy.container-checkpoint": "idle containers are checkpointed and restored for 30 days",
    "proxy.container-expired": "an expired id is an error that tells to send the request without it",
    "proxy.container-never-replaced": "a container that was asked for is never replaced in silence",
  },
  "wire 6": {
    "proxy.error-no-container": "a pending call without a container",
    "proxy.error-source-tool": "a caller that is not in the history",
    "proxy.error-missing-results": "missing, partial or late results",
    "proxy.error-unexpected-result": "a result for an id that is unknown or was answered",
    "proxy.error-extra-block": "another block beside the results while a script waits",
    "proxy.error-code-tool-lost": "a continuation without the code tool",
    "proxy.error-server-tool-result": "a tool_result for a srvtoolu_ id",
    "proxy.error-tool-choice": "a forced tool that is not direct",
    "proxy.error-strict": "strict with a code caller",
    "proxy.error-parallel": "disable_parallel_tool_use with code callers",
    "proxy.error-circular-ref": "a recursive schema of a code tool; a direct tool may have one",
    "proxy.error-mcp": "MCP connector tools",
    "proxy.error-input-examples": "an example that does not fit",
    "proxy.error-echo": "a malformed result block, with the path of the field",
    "proxy.error-beta-era": "tool_not_allowed and missing_beta_header",
    "proxy.error-too-large": "32 MB: 413 request_too_large",
    "proxy.error-message-count": "100,000 messages",
  },
  "wire 7": {
    "proxy.results-out-of-context": "programmatic calls and results never reach the model",
    "proxy.usage": "usage of several samples is added up",
    "proxy.billing": "code execution is billed by the hour",
  },
  "wire 8": {
    "proxy.tool-search": "server-side tool search",
    "proxy.error-all-deferred": "not all tools may be deferred",
    "proxy.error-tool-reference": "a reference to a tool that is not there",
  },
  "wire 12": {
    "proxy.fixture": "the expense audit",
  },
  "issue 11, part 4": {
    "proxy.base-model": "what a model is follows from the configuration where its id does not say it",
    "proxy.model-profiles": "the inference profile that AWS lists for the model and the region",
    "proxy.geography":
      "requests leave the region's geography only where that is allowed, and the server says which do",
    "proxy.document-names": "no two documents of a request have one name over Converse",
  },
  "issue 4, part 6": {
    "proxy.shutdown":
      "shutting down refuses new conversations, lets paused ones finish, and leaves no container",
  },
};

/** Why a row has no test. */
const REASONS: Readonly<Record<string, string>> = {
  "proxy.no-network": "a property of the sandboxes: their probes and the sandbox contract show it",
  "proxy.packages":
    "a property of the sandbox's image; the embedded sandbox has the standard library, as docs/proxy.md says",
  "proxy.sizes": "options of the sandbox, with defaults of their own; docs/proxy.md names them",
  "proxy.encrypted-result":
    "there is no web search; such a block in a history is accepted and its output is unreadable",
  "proxy.sub-tool-results": "these tools are refused: proxy.sub-tools, proxy.web-tools",
  "proxy.call-rate": "limits count requests and containers; calls run at the client",
  "proxy.container-checkpoint":
    "an interpreter cannot be written to disk here: a container ends after its idle time, and says so",
  "proxy.error-beta-era": "gone from the documentation; a client of today never sees them",
  "proxy.billing": "nothing is billed here",
  "proxy.tool-search":
    "the upstream's own: Bedrock's InvokeModel offers it, and its tools and blocks pass through",
  "proxy.fixture": "examples/expense-auditor has it, with tests of its own",
};

/** Every row of the wire. */
export const proxyRequirements: readonly ProxyRequirement[] = Object.entries(ROWS).flatMap(([source, rows]) =>
  Object.entries(rows).map(([id, says]) => toRow(id, source, says)),
);

function toRow(id: string, source: string, says: string): ProxyRequirement {
  const reason = REASONS[id];
  return { id, source, says, ...(reason === undefined ? {} : { reason }) };
}
