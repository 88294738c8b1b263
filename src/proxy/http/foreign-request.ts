/**
 * Where a request comes from, as far as its socket and its browser tell: another machine, or a page in a browser on this
 * one. A page reaches a server of this machine by its address, or by a name of its own that leads here (DNS rebinding);
 * browsers tell the name in `Host`, the page's origin in `Origin`, and how the two are related in `Sec-Fetch-Site`.
 */
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

const LOOPBACK_ADDRESS = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/;

/** A name that no DNS can lead elsewhere, with any port. */
const LOCAL_HOST = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/i;
const LOCAL_ORIGIN = new RegExp(`^https?://${LOCAL_HOST.source.slice(1)}`, "i");

/** Whether an address is one that only this machine reaches. */
export function isLoopbackAddress(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address);
}

/** Refuses what does not come from a program of this machine. */
export function refuseForeign(request: AccessRequest): ApiError | undefined {
  const { headers, remoteAddress } = request;
  if (remoteAddress !== undefined && !isLoopbackAddress(remoteAddress)) {
    return refusal("this server answers requests from its own machine only");
  }
  const named = namesOf(request).find((name) => !LOCAL_HOST.test(name));
  if (named !== undefined) {
    return refusal(`this server answers to "localhost" only, not to "${quoted(named)}"`);
  }
  const origin = headers.get("origin");
  const isForeign = origin !== null && !LOCAL_ORIGIN.test(origin);
  if (isForeign || headers.get("sec-fetch-site") === "cross-site") {
    return refusal("this server answers no pages of other sites");
  }
  return undefined;
}

/** Refuses what a page in a browser asks for; somebody who types the address is no page. */
export function refusePage({ headers }: AccessRequest): ApiError | undefined {
  const site = headers.get("sec-fetch-site");
  const isPage = headers.get("origin") !== null || (site !== null && site !== "none");
  return isPage ? new ApiError("permission_error", "This route is not for pages of a browser") : undefined;
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
