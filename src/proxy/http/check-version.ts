/**
 * The `anthropic-version` header: there must be one, and it must look like one. All versions are answered alike.
 */
import { invalidRequest } from "../errors/api-error.ts";

/** @throws {ApiError} `invalid_request_error` */
export function checkVersion(headers: Headers): void {
  const version = headers.get("anthropic-version");
  if (version === null || version === "") throw invalidRequest("anthropic-version: header is required");
  if (!/^\d{4}-\d{2}-\d{2}$/.test(version)) {
    throw invalidRequest(
      `anthropic-version: "${version.slice(0, 40)}" is not a valid version; want a date such as "2023-06-01"`,
    );
  }
}
