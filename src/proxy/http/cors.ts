/**
 * Pages of browsers, by the Claude API's own rule: a page that says with `anthropic-dangerous-direct-browser-access` that it
 * means it may read the answer, when the server would have answered it anyway.
 *
 * Guarantees: nobody gets in who would not get in without it; a server without keys answers pages of this machine alone, as
 * its access says; no cookie is ever allowed.
 */
import { isForeignPage } from "../../http/local-request.ts";
import type { ServerState } from "../server-state.ts";

/** Which pages may read answers: those that opt in, or none. */
export type BrowserAccess = "opt-in" | "off";

const OPT_IN = "anthropic-dangerous-direct-browser-access";
const EXPOSED = "request-id, retry-after, x-should-retry, toolscript-token-count";
const MAX_AGE_SECONDS = "600";

/** The socket's request, whose headers are there without being copied. */
interface Bindings {
  readonly incoming?: { readonly headers: Readonly<Record<string, unknown>> };
}

type Fetch = (request: Request, env?: unknown) => Response | Promise<Response>;

/** The server's `fetch` for pages as well; requests of programs pass without being looked at. */
export function withBrowserAccess(fetch: Fetch, { options }: ServerState): Fetch {
  if (options.browserAccess === "off") return fetch;
  return (request, env) => {
    const { incoming } = (env ?? {}) as Bindings;
    const hasOrigin = incoming === undefined ? request.headers.has("origin") : "origin" in incoming.headers;
    return hasOrigin ? answerPage(fetch, request, env, options.access.isLocal === true) : fetch(request, env);
  };
}

async function answerPage(fetch: Fetch, request: Request, env: unknown, isLocal: boolean): Promise<Response> {
  const { headers } = request;
  const origin = headers.get("origin") ?? "";
  const isRefused = isLocal && isForeignPage({ origin, fetchSite: headers.get("sec-fetch-site") });
  const asked = headers.get("access-control-request-headers") ?? "";
  const isPreflight = request.method === "OPTIONS" && headers.has("access-control-request-method");
  const isOptedIn = isPreflight ? toNames(asked).includes(OPT_IN) : headers.get(OPT_IN) === "true";
  if (isRefused || !isOptedIn) return await fetch(request, env);
  if (isPreflight) return new Response(null, { status: 204, headers: toPreflightHeaders(origin, asked) });
  const response = await fetch(request, env);
  response.headers.set("access-control-allow-origin", origin);
  response.headers.append("vary", "origin");
  response.headers.set("access-control-expose-headers", EXPOSED);
  return response;
}

function toPreflightHeaders(origin: string, asked: string): Record<string, string> {
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": toNames(asked).join(", "),
    "access-control-max-age": MAX_AGE_SECONDS,
    vary: "origin, access-control-request-headers",
  };
}

/** Names of headers as they are written everywhere; what is none is left out. */
function toNames(list: string): string[] {
  return list
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[a-z0-9-]{1,64}$/.test(name));
}
