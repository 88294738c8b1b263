/**
 * What to say of a path that is no route: what was probably meant, and where clients of other APIs are.
 */
import { ApiError } from "../errors/api-error.ts";
import { quoted } from "../errors/shown-text.ts";

const ROUTES = ["/v1/messages/count_tokens", "/v1/messages", "/v1/models"];

/** Ends of paths that belong to OpenAI's API. */
const OPENAI = /\/(chat\/completions|completions|responses|embeddings)\/?$/;

/** The error of a path that is no route. */
export function notFound(path: string): ApiError {
  const hint = toHint(path.slice(0, MAX_READ_CHARS));
  return new ApiError("not_found_error", `Not found: "${quoted(path)}"${hint === "" ? "" : `; ${hint}`}`);
}

const MAX_READ_CHARS = 200;

function toHint(path: string): string {
  if (OPENAI.test(path)) {
    return 'this is the Messages API of Claude ("/v1/messages"), which clients of the OpenAI API do not speak';
  }
  if (/\/complete\/?$/.test(path)) return 'text completions are gone: did you mean "/v1/messages"?';
  const parts = path.toLowerCase().split("/").filter(Boolean);
  const meant = ROUTES.find((route) => endsWith(parts, route.split("/").slice(2)));
  return meant === undefined
    ? ""
    : `did you mean "${meant}"? The base URL is the server's address alone, without a path`;
}

function endsWith(parts: readonly string[], end: readonly string[]): boolean {
  return end.every((part, at) => parts[parts.length - end.length + at] === part);
}

/** Answers a client that speaks Bedrock's own wire, in its shape, so that its SDK shows the sentence. */
export function answerBedrockClient(): Response {
  const message =
    "This is the Messages API of Claude, not Bedrock: point a client of the Claude API at it (ANTHROPIC_BASE_URL), and leave Bedrock clients at Bedrock";
  return new Response(JSON.stringify({ message }), {
    status: 404,
    headers: { "content-type": "application/json", "x-amzn-errortype": "ResourceNotFoundException" },
  });
}
