/**
 * A request of the AWS SDK as the pattern of later ones: same address, same headers, another body and signature.
 */
import { HttpRequest } from "@smithy/protocol-http";
import { isRecord } from "../is-record.ts";
import { createCopySigner, type SignCopy } from "./copy-signer.ts";

/** The body of a request: a text when it is small, else its bytes. */
export type RequestBody = string | Buffer<ArrayBuffer>;

/** Makes requests that differ from the SDK's in their body alone. */
export interface RequestTemplate {
  /** When its credentials have to be renewed, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** @param time - now, in milliseconds since 1970, by the clock of the service */
  toRequest(body: RequestBody, time: number): HttpRequest;
}

/** What the SDK has chosen to sign with (`SelectedHttpAuthScheme` of its types), as far as it is known here. */
interface SelectedAuth {
  readonly schemeId: unknown;
  readonly identity: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Headers that belong to one request alone. */
const OWN_HEADERS = new Set([
  "authorization",
  "content-length",
  "x-amz-content-sha256",
  "x-amz-date",
  "x-amz-security-token",
  "amz-sdk-invocation-id",
  "amz-sdk-request",
]);

/** Headers that are signed where they are; with HTTP/2 the SDK has `:authority` instead of `host`. */
const SIGNED_HEADERS = new Set([":authority", "content-type", "host"]);

/** The SDK renews credentials so long before their end, in milliseconds. */
const RENEWAL_MS = 300_000;

/**
 * Makes a template.
 *
 * @param request - a request of the SDK, ready to be sent
 * @param smithyContext - what the SDK's middleware has found out about it
 * @returns undefined when it is signed in a way that is not known here
 */
export function toRequestTemplate(request: unknown, smithyContext: unknown): RequestTemplate | undefined {
  const auth = isRecord(smithyContext) ? toAuth(smithyContext["selectedHttpAuthScheme"]) : undefined;
  if (auth === undefined || !HttpRequest.isInstance(request) || Object.keys(request.query).length > 0) {
    return undefined;
  }
  const bare = HttpRequest.clone(request);
  bare.body = undefined;
  bare.headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase())),
  );
  const sign = toSigner(auth, bare);
  if (sign === undefined) {
    return undefined;
  }
  const { expiration } = auth.identity;
  return {
    expiresAt: expiration instanceof Date ? expiration.getTime() - RENEWAL_MS : Infinity,
    toRequest(body, time) {
      const copy = HttpRequest.clone(bare);
      copy.body = body;
      copy.headers["content-length"] = String(Buffer.byteLength(body));
      Object.assign(copy.headers, sign(body, time));
      return copy;
    },
  };
}

function toAuth(selected: unknown): SelectedAuth | undefined {
  const { httpAuthOption: option, identity } = isRecord(selected) ? selected : {};
  if (!isRecord(option) || !isRecord(identity)) {
    return undefined;
  }
  const { schemeId, signingProperties: properties = {} } = option;
  return isRecord(properties) ? { schemeId, identity, properties } : undefined;
}

function toSigner({ schemeId, identity, properties }: SelectedAuth, bare: HttpRequest): SignCopy | undefined {
  const { token, accessKeyId, secretAccessKey, sessionToken } = identity;
  if (schemeId === "smithy.api#httpBearerAuth" && typeof token === "string") {
    const headers = { authorization: `Bearer ${token}` };
    return () => headers;
  }
  const region = properties["signingRegion"] ?? properties["region"];
  const service = properties["signingName"] ?? properties["name"];
  const isKnown = [accessKeyId, secretAccessKey, region, service].every((part) => typeof part === "string");
  if (schemeId !== "aws.auth#sigv4" || !isKnown) {
    return undefined;
  }
  return createCopySigner({
    method: bare.method,
    path: bare.path,
    headers: Object.fromEntries(Object.entries(bare.headers).filter(([name]) => SIGNED_HEADERS.has(name))),
    credentials: {
      accessKeyId: String(accessKeyId),
      secretAccessKey: String(secretAccessKey),
      ...(typeof sessionToken === "string" ? { sessionToken } : {}),
    },
    region: String(region),
    service: String(service),
  });
}
