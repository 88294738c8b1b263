/**
 * The seam to keys and limits: who asks, and what may they do?
 *
 * The default knows no keys and lets in only this machine. `src/proxy/access` holds the real one.
 */
import type { ApiError } from "../errors/api-error.ts";
import { type AccessRequest, refuseForeign } from "./foreign-request.ts";

/** Who asks, and within which bounds. */
export interface AccessGrant {
  readonly ok: true;
  /** For logs and metrics. Never the key. */
  readonly keyName: string;
  /** Containers belong to it; the same for every request with the same key. */
  readonly ownerId: string;
  readonly limits: AccessLimits;
  /** Whether nobody else is there to share with. @default false */
  readonly isAlone?: boolean;
  /** Called once, when the request has ended, whatever its end is. */
  readonly onEnd?: () => void;
}

/** Bounds of one key; what is not given is the server's default. */
export interface AccessLimits {
  /** Containers at once, each with an interpreter if need be. */
  readonly maxContainers?: number;
  /** Scripts that run at once. */
  readonly maxRunningScripts?: number;
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
  /** Whether only this machine may ask, whoever that is: a server then listens on no other address. @default false */
  readonly isLocal?: boolean;
  check(request: AccessRequest): AccessGrant | AccessRefusal | Promise<AccessGrant | AccessRefusal>;
  /** Refuses requests for the routes that need no key. @default every request is answered */
  checkOpenRoute?(request: AccessRequest): ApiError | undefined;
  /** Whether a text is a key that is configured, so that no log shows it. @default no text is */
  isKey?(text: string): boolean;
}

/** The key of a request, from either header; undefined when it has none. */
export function readApiKey(headers: Headers): string | undefined {
  const key = headers.get("x-api-key");
  if (key !== null && key !== "") return key;
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/** Lets in everybody on this machine and nobody else, no page of a browser included; all of them are one owner. */
export function loopbackAccess(): Access {
  const limits = { maxContainers: Infinity, maxRunningScripts: Infinity };
  const grant: AccessGrant = { ok: true, keyName: "loopback", ownerId: "loopback", limits, isAlone: true };
  return {
    isLocal: true,
    check(request) {
      const error = refuseForeign(request);
      return error === undefined ? grant : { ok: false, error };
    },
    checkOpenRoute: refuseForeign,
  };
}
