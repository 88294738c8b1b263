/**
 * The seam to keys and limits: who asks, and what may they do?
 *
 * The default knows no keys and lets in only this machine. `src/proxy/access` holds the real one.
 */
import type { ApiError } from "../errors/api-error.ts";
import { ApiError as Refusal } from "../errors/api-error.ts";

/** What is known of a request before its body is read. */
export interface AccessRequest {
  readonly headers: Headers;
  /** Undefined when the request came through no socket. */
  readonly remoteAddress: string | undefined;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
}

/** Who asks, and within which bounds. */
export interface AccessGrant {
  readonly ok: true;
  /** For logs and metrics. Never the key. */
  readonly keyName: string;
  /** Containers belong to it; the same for every request with the same key. */
  readonly ownerId: string;
  readonly limits: AccessLimits;
  /** Called once, when the request has ended, whatever its end is. */
  readonly onEnd?: () => void;
}

/** Bounds of one key; what is not given has none. */
export interface AccessLimits {
  /** Containers at once. */
  readonly maxContainers?: number;
  /** Whether the key may use a model, by the name that the client gave. */
  readonly allowsModel?: (name: string) => boolean;
}

/** A refusal: 401, 403, or 429 with `retry-after` among the error's headers. */
export interface AccessRefusal {
  readonly ok: false;
  readonly error: ApiError;
}

/** Decides who may ask. */
export interface Access {
  check(request: AccessRequest): AccessGrant | AccessRefusal | Promise<AccessGrant | AccessRefusal>;
  /** Refuses a machine whatever it asks for, routes without a key included. @default every machine may ask */
  checkPeer?(remoteAddress: string | undefined): ApiError | undefined;
}

/** The key of a request, from either header; undefined when it has none. */
export function readApiKey(headers: Headers): string | undefined {
  const key = headers.get("x-api-key");
  if (key !== null && key !== "") return key;
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

/** Lets in everybody on this machine and nobody else; all of them are one owner. */
export function loopbackAccess(): Access {
  const grant: AccessGrant = { ok: true, keyName: "loopback", ownerId: "loopback", limits: {} };
  const error = new Refusal(
    "permission_error",
    "No API keys are configured, so this server answers requests from its own machine only",
  );
  const isHere = (address: string | undefined): boolean => address === undefined || LOOPBACK.test(address);
  return {
    check: ({ remoteAddress }) => (isHere(remoteAddress) ? grant : { ok: false, error }),
    checkPeer: (remoteAddress) => (isHere(remoteAddress) ? undefined : error),
  };
}
