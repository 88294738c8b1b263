/**
 * Who sent this request: a SigV4 signature or a bearer API key.
 *
 * A bearer key is only an equal string here; how AWS makes such keys does not matter to an emulator.
 */
import { AwsHttpError } from "./aws-error.ts";
import { verifySigV4, type SigV4Policy, type SignedRequest } from "./sigv4.ts";

/** What is accepted. */
export interface AuthPolicy extends SigV4Policy {
  /** When false every request is accepted, whatever it carries. */
  readonly required: boolean;
  /** API keys accepted in `authorization: Bearer …`; none when the service has no API keys. */
  readonly apiKeys: readonly string[];
}

/** How a request was authenticated. */
export interface AuthResult {
  readonly kind: "sigv4" | "bearer" | "none";
  readonly accessKeyId?: string;
}

/**
 * Checks the request's authentication.
 *
 * @throws {AwsHttpError} 403
 */
export async function authenticate(request: SignedRequest, policy: AuthPolicy): Promise<AuthResult> {
  const header = request.headers["authorization"] ?? "";
  if (!policy.required) {
    return { kind: describeAuth(header) };
  }
  if (header.startsWith("AWS4-HMAC-SHA256")) {
    return { kind: "sigv4", accessKeyId: await verifySigV4(request, policy) };
  }
  if (/^bearer /i.test(header)) {
    checkApiKey(header.slice("bearer ".length).trim(), policy);
    return { kind: "bearer" };
  }
  throw new AwsHttpError(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
}

/** What kind of authentication a header claims, unchecked. */
export function describeAuth(header: string): AuthResult["kind"] {
  if (header.startsWith("AWS4-HMAC-SHA256")) {
    return "sigv4";
  }
  return /^bearer /i.test(header) ? "bearer" : "none";
}

function checkApiKey(key: string, policy: AuthPolicy): void {
  if (!policy.apiKeys.includes(key)) {
    throw new AwsHttpError(
      403,
      "AccessDeniedException",
      "Authentication failed: Please make sure your API Key is valid.",
    );
  }
}
