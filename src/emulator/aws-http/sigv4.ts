/**
 * Checks AWS Signature Version 4 from the server's side.
 *
 * The request is rebuilt with only its signed headers, signed again with the known secret at the same date, and the two
 * signatures are compared. The body's hash is always computed from the body, never taken from a header. Wording and
 * statuses are those of AWS services.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import { AwsHttpError } from "./aws-error.ts";
import { NodeSha256 } from "./node-sha256.ts";

/** A key pair that may sign requests. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** When set, requests must carry it in `x-amz-security-token`. */
  readonly sessionToken?: string;
}

/** What a signature is checked against. */
export interface SigV4Policy {
  /** Service name in the credential scope, for example `bedrock`. */
  readonly service: string;
  /** Region in the credential scope; any when undefined. */
  readonly region?: string | undefined;
  readonly credentials: readonly AwsCredentials[];
  /** Current time. */
  readonly now: () => Date;
  /** Longest difference between the request's date and ours, in milliseconds. */
  readonly maxSkewMs: number;
}

/** The signed request. */
export interface SignedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Longest difference of clocks that AWS accepts: five minutes. */
export const DEFAULT_MAX_SKEW_MS = 5 * 60_000;

interface Authorization {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/**
 * Verifies the request and returns the access key that signed it.
 *
 * @throws {AwsHttpError} 403, with the wording of AWS
 */
export async function verifySigV4(request: SignedRequest, policy: SigV4Policy): Promise<string> {
  const authorization = parseAuthorization(request.headers["authorization"] ?? "");
  const credentials = findCredentials(authorization.accessKeyId, request, policy);
  checkScope(authorization, policy);
  const date = checkDate(request.headers["x-amz-date"] ?? "", policy);
  const expected = await sign(request, authorization, credentials, date);
  if (!isSame(expected, authorization.signature)) {
    throw invalidSignature(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
  return authorization.accessKeyId;
}

function parseAuthorization(header: string): Authorization {
  const fields = new Map(
    header
      .replace(/^AWS4-HMAC-SHA256\s+/, "")
      .split(/,\s*/)
      .map((part): [string, string] => {
        const at = part.indexOf("=");
        return [part.slice(0, at), part.slice(at + 1)];
      }),
  );
  const scope = (fields.get("Credential") ?? "").split("/");
  const [accessKeyId, , region, service, terminator] = scope;
  const signature = fields.get("Signature");
  const signedHeaders = fields.get("SignedHeaders");
  if (
    accessKeyId === undefined ||
    region === undefined ||
    service === undefined ||
    terminator !== "aws4_request" ||
    signature === undefined ||
    signedHeaders === undefined
  ) {
    throw new AwsHttpError(
      403,
      "IncompleteSignatureException",
      `Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters. Authorization=${header.split(" ")[0] ?? ""}`,
    );
  }
  return { accessKeyId, region, service, signature, signedHeaders: signedHeaders.split(";") };
}

function findCredentials(accessKeyId: string, request: SignedRequest, policy: SigV4Policy): AwsCredentials {
  const found = policy.credentials.find((candidate) => candidate.accessKeyId === accessKeyId);
  if (found === undefined || found.sessionToken !== request.headers["x-amz-security-token"]) {
    throw new AwsHttpError(
      403,
      "UnrecognizedClientException",
      "The security token included in the request is invalid.",
    );
  }
  return found;
}

function checkScope(authorization: Authorization, policy: SigV4Policy): void {
  if (authorization.service !== policy.service) {
    throw invalidSignature(`Credential should be scoped to correct service: '${policy.service}'. `);
  }
  if (policy.region !== undefined && authorization.region !== policy.region) {
    throw invalidSignature(`Credential should be scoped to a valid region, not '${authorization.region}'. `);
  }
}

function checkDate(amzDate: string, policy: SigV4Policy): Date {
  const date = new Date(amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (Number.isNaN(date.getTime())) {
    throw new AwsHttpError(
      403,
      "IncompleteSignatureException",
      `Date must be in ISO-8601 'basic format'. Got '${amzDate}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  const now = policy.now();
  const ageMs = now.getTime() - date.getTime();
  const limit = `(${toAmzDate(now)} ${ageMs > 0 ? "-" : "+"} ${policy.maxSkewMs / 60_000} min.)`;
  if (ageMs > policy.maxSkewMs) {
    const earliest = toAmzDate(new Date(now.getTime() - policy.maxSkewMs));
    throw invalidSignature(`Signature expired: ${amzDate} is now earlier than ${earliest} ${limit}`);
  }
  if (-ageMs > policy.maxSkewMs) {
    const latest = toAmzDate(new Date(now.getTime() + policy.maxSkewMs));
    throw invalidSignature(`Signature not yet current: ${amzDate} is still later than ${latest} ${limit}`);
  }
  return date;
}

async function sign(
  request: SignedRequest,
  authorization: Authorization,
  credentials: AwsCredentials,
  signingDate: Date,
): Promise<string> {
  const url = new URL(request.target, "http://localhost");
  const signed = new Set(authorization.signedHeaders);
  const headers: Record<string, string> = {};
  for (const name of signed) {
    headers[name] = request.headers[name] ?? "";
  }
  const bodyHash = createHash("sha256").update(request.body).digest("hex");
  const hashIsSigned = signed.has("x-amz-content-sha256");
  if (hashIsSigned) {
    // The signer trusts this header: it must say what the body really is.
    headers["x-amz-content-sha256"] = bodyHash;
  }
  const signer = new SignatureV4({
    service: authorization.service,
    region: authorization.region,
    // The session token is among the signed headers already; given here it would be added a second time.
    credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
    sha256: NodeSha256,
    applyChecksum: hashIsSigned,
  });
  const rebuilt = new HttpRequest({
    method: request.method,
    protocol: "http:",
    hostname: "localhost",
    path: request.target.split("?")[0] ?? "/",
    query: toQueryBag(url.searchParams),
    headers,
    body: request.body,
  });
  const result = await signer.sign(rebuilt, { signingDate, signableHeaders: signed });
  return /Signature=([0-9a-f]+)/.exec(result.headers["authorization"] ?? "")?.[1] ?? "";
}

function toQueryBag(params: URLSearchParams): Record<string, string | string[]> {
  const bag: Record<string, string | string[]> = {};
  for (const name of new Set(params.keys())) {
    const values = params.getAll(name);
    bag[name] = values.length === 1 ? (values[0] ?? "") : values;
  }
  return bag;
}

function isSame(expected: string, actual: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(actual)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function toAmzDate(date: Date): string {
  return date
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:]/g, "");
}

function invalidSignature(message: string): AwsHttpError {
  return new AwsHttpError(403, "InvalidSignatureException", message);
}
