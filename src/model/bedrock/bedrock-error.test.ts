import { describe, expect, test } from "vitest";
import { ToolscriptError } from "../../errors.ts";
import { toBedrockError } from "./bedrock-error.ts";

function thrown(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name }, more);
}

describe("toBedrockError()", () => {
  test("keeps errors that are ours", () => {
    const error = new ToolscriptError("model-failed", "x");
    expect(toBedrockError(error, "m")).toBe(error);
  });

  test("asks for a region when there is none", () => {
    expect(toBedrockError(new Error("Region is missing"), "m")).toMatchObject({
      code: "invalid-argument",
      message: 'Cannot call Bedrock model "m": no region is set; pass "region" or set AWS_REGION',
    });
  });

  test("falls back to the status for exceptions that it does not know", () => {
    const codes = [400, 401, 403, 404, 429, 500, 502, 503].map(
      (httpStatusCode) =>
        toBedrockError(thrown("NewException", "x", { $metadata: { httpStatusCode } }), "m").code,
    );
    expect(codes).toEqual([
      "model-request",
      "model-access",
      "model-access",
      "model-request",
      "model-throttled",
      "model-failed",
      "model-failed",
      "model-throttled",
    ]);
  });

  test("says what to do", () => {
    const message = (name: string, text: string, more: object = {}): string =>
      toBedrockError(thrown(name, text, more), "m").message;
    expect(message("AccessDeniedException", "You don't have access.")).toBe(
      'Cannot call Bedrock model "m": AccessDeniedException: You don\'t have access; ask for access to the model in the Bedrock console, and allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream',
    );
    expect(message("ValidationException", "The provided model identifier is invalid.")).toContain(
      "check the model id, and that the model exists in this region",
    );
    expect(message("ModelNotReadyException", "x")).toContain("try again in a minute");
    expect(message("ThrottlingException", "x")).toContain('raise "maxAttempts"');
    expect(message("ExpiredTokenException", "x")).toContain(
      "check the credentials, their region, and this machine's clock",
    );
    expect(message("Error", "getaddrinfo ENOTFOUND x", { code: "ENOTFOUND" })).toBe(
      'Cannot call Bedrock model "m": getaddrinfo ENOTFOUND x; check "region", "endpoint" and the network',
    );
  });

  test("takes anything that can be thrown", () => {
    expect(toBedrockError("text", "m")).toMatchObject({
      code: "model-failed",
      message: 'Cannot call Bedrock model "m": text',
      data: {},
    });
  });
});
