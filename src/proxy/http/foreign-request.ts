/**
 * Which requests a server without keys refuses, and which the routes that need no key refuse in any case.
 */
import {
  isForeignPage,
  isLocalHost,
  isLoopbackAddress,
  isPage,
  type PageHeaders,
} from "../../http/local-request.ts";
import { ApiError } from "../errors/api-error.ts";
import { quoted } from "../errors/shown-text.ts";

/** What is known of a request before its body is read. */
export interface AccessRequest {
  readonly headers: Headers;
  /** The address of the socket's other end when it was accepted; undefined when the request came through no socket. */
  readonly remoteAddress: string | undefined;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** The whole address that was asked for. */
  readonly url: string;
}

/** Refuses what does not come from a program of this machine. */
export function refuseForeign(request: AccessRequest): ApiError | undefined {
  const { headers, remoteAddress } = request;
  if (remoteAddress !== undefined && !isLoopbackAddress(remoteAddress)) {
    return refusal("this server answers requests from its own machine only");
  }
  const named = namesOf(request).find((name) => !isLocalHost(name));
  if (named !== undefined) {
    return refusal(`this server answers to "localhost" only, not to "${quoted(named)}"`);
  }
  return isForeignPage(toPageHeaders(headers))
    ? refusal("this server answers no pages of other sites")
    : undefined;
}

/** Refuses what a page in a browser asks for. */
export function refusePage({ headers }: AccessRequest): ApiError | undefined {
  const isRefused = isPage(toPageHeaders(headers));
  return isRefused ? new ApiError("permission_error", "This route is not for pages of a browser") : undefined;
}

function toPageHeaders(headers: Headers): PageHeaders {
  return { origin: headers.get("origin"), fetchSite: headers.get("sec-fetch-site") };
}

function refusal(reason: string): ApiError {
  return new ApiError("permission_error", `No API keys are configured, so ${reason}`);
}

/** By what names the server was asked. The program itself, which needs no socket, may call it what it likes. */
function namesOf({ headers, remoteAddress, url }: AccessRequest): string[] {
  const host = headers.get("host");
  if (remoteAddress === undefined) return host === null ? [] : [host];
  return [host ?? "", hostOf(url)];
}

/** What stands between the scheme and the path. */
function hostOf(url: string): string {
  const from = url.indexOf("://") + 3;
  const to = url.indexOf("/", from);
  return url.slice(from, to === -1 ? undefined : to);
}
