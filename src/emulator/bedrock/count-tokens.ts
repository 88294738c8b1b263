/**
 * CountTokens: `{ input: { invokeModel: { body } } | { converse: … } }` in, `{ inputTokens }` out.
 */
import { AwsHttpError } from "../aws-http/aws-error.ts";
import { checkConverseBody } from "./converse-validation.ts";
import { checkInvokeBody } from "./invoke-validation.ts";
import { isObject, toText } from "./json-object.ts";
import type { Route } from "./routes.ts";

/** Counts with the emulator's counter, over the text of the inner request. */
export const countTokensRoute: Route = ({ body, modelId, countTokens }) => {
  const text = textToCount(body, modelId);
  return Promise.resolve({
    headers: {},
    body: JSON.stringify({ inputTokens: countTokens(text) }),
    delayMs: 0,
    eventDelayMs: 0,
  });
};

function textToCount(body: unknown, modelId: string): string {
  const input = isObject(body) && isObject(body["input"]) ? body["input"] : {};
  if (isObject(input["invokeModel"])) {
    const text = Buffer.from(toText(input["invokeModel"]["body"]), "base64").toString("utf8");
    checkInvokeBody(parse(text), modelId);
    return text;
  }
  if (isObject(input["converse"])) {
    checkConverseBody(input["converse"]);
    return JSON.stringify(input["converse"]);
  }
  throw new AwsHttpError(
    400,
    "ValidationException",
    "1 validation error detected: Value null at 'input' failed to satisfy constraint: Member must not be null",
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
