import { describe, expect, test } from "vitest";
import { createApiKey, hashApiKey } from "../access/api-key.ts";
import { redactKeys } from "./redact.ts";

const KEY = createApiKey();
const OWN = "a key/of our=own, with 24 and more";
const isKey = (text: string): boolean => hashApiKey(text) === hashApiKey(OWN);

function escaped(text: string, times: number): string {
  const once = [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join("");
  return times === 1 ? once : once.replaceAll("%", times === 2 ? "%25" : "%2525");
}

describe("redactKeys()", () => {
  test.each([
    ["a key in a path", `/v1/${KEY}`, KEY],
    ["a key in the middle", `/v1/x${KEY}/messages`, KEY],
    ["a key in percent signs", `/v1/${escaped(KEY, 1)}`, KEY],
    ["a key with its first letter in percent signs", `/v1/%74${KEY.slice(1)}`, KEY],
    ["a key in percent signs, twice", `/v1/${escaped(KEY, 2)}`, KEY],
    ["a key in percent signs, three times", `/v1/${escaped(KEY, 3)}`, KEY],
    ["a key of the Claude API", "model: sk-ant-api03-0123456789abcdef-AA", "sk-ant-api03"],
    ["a header", "no route for Bearer abcdefgh12345678", "abcdefgh12345678"],
    ["a key of another form", `/v1/${OWN}`, OWN],
    ["a key of another form in percent signs", `/v1/${encodeURIComponent(OWN)}`, OWN],
    ["nothing but a key of another form", OWN, OWN],
  ])("takes out %s", (_title, text, key) => {
    const redacted = redactKeys(text, isKey);
    expect(redacted).toContain("[redacted]");
    expect(decodeURIComponent(redacted)).not.toContain(key);
  });

  test.each([
    "/v1/messages",
    "/v1/models/claude-haiku-4-5-20251001",
    "/v1/models/arn:aws:bedrock:eu-central-1:111122223333:application-inference-profile/abc",
    "/v1/files/%",
    "/v1/task-0123456789abcdef0123",
  ])("leaves %s as it is", (text) => expect(redactKeys(text, isKey)).toBe(text));
});
