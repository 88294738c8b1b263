/** Signatures and API keys, good and bad, sent by the real signers. */
import {
  BedrockRuntimeClient,
  InvokeModelCommand,
  type BedrockRuntimeClientConfig,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NodeSha256 } from "./aws-http/node-sha256.ts";
import {
  EMULATOR_API_KEY,
  EMULATOR_CREDENTIALS,
  startBedrockEmulator,
  type BedrockEmulator,
} from "./emulator.ts";

const TEMPORARY = {
  accessKeyId: "ASIATEMPORARY",
  secretAccessKey: "temporary",
  sessionToken: "session-token",
};
const BODY = JSON.stringify({
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hi" }],
});
const MODEL = "global.anthropic.claude-opus-5";

let emulator: BedrockEmulator;
beforeAll(async () => {
  emulator = await startBedrockEmulator({
    scenario: [{ content: "Hello" }],
    region: "us-east-1",
    credentials: [EMULATOR_CREDENTIALS, TEMPORARY],
  });
});
afterAll(() => emulator.close());

async function invoke(config: BedrockRuntimeClientConfig): Promise<number | undefined> {
  const client = new BedrockRuntimeClient({
    region: "us-east-1",
    endpoint: emulator.url,
    maxAttempts: 1,
    authSchemePreference: ["sigv4"],
    ...config,
  });
  try {
    const answer = await client.send(
      new InvokeModelCommand({ modelId: MODEL, body: BODY, contentType: "application/json" }),
    );
    return answer.$metadata.httpStatusCode;
  } finally {
    client.destroy();
  }
}

describe.each([
  ["HTTP/2", {}],
  ["HTTP/1.1", { requestHandler: new NodeHttpHandler() }],
])("authentication over %s", (_name, handler) => {
  test("accepts good signatures, with and without a session token", async () => {
    expect(await invoke({ ...handler, credentials: EMULATOR_CREDENTIALS })).toBe(200);
    expect(await invoke({ ...handler, credentials: TEMPORARY })).toBe(200);
  });

  test("accepts an API key and refuses a wrong one", async () => {
    const keyed = (token: string): BedrockRuntimeClientConfig => ({
      ...handler,
      token: { token },
      authSchemePreference: ["httpBearerAuth"],
    });
    expect(await invoke(keyed(EMULATOR_API_KEY))).toBe(200);
    await expect(invoke(keyed("wrong"))).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: "Authentication failed: Please make sure your API Key is valid.",
    });
  });

  test.each([
    [
      "a wrong secret",
      { credentials: { ...EMULATOR_CREDENTIALS, secretAccessKey: "wrong" } },
      "InvalidSignatureException",
      /signature we calculated does not match/,
    ],
    [
      "an unknown key",
      { credentials: { accessKeyId: "AKIAUNKNOWN", secretAccessKey: "x" } },
      "UnrecognizedClientException",
      /security token included in the request is invalid/,
    ],
    [
      "a wrong session token",
      { credentials: { ...TEMPORARY, sessionToken: "other" } },
      "UnrecognizedClientException",
      /security token/,
    ],
    [
      "a wrong region",
      { credentials: EMULATOR_CREDENTIALS, region: "eu-west-1" },
      "InvalidSignatureException",
      /scoped to a valid region, not 'eu-west-1'/,
    ],
    [
      "an old date",
      { credentials: EMULATOR_CREDENTIALS, systemClockOffset: -10 * 60_000 },
      "InvalidSignatureException",
      /Signature expired: \d{8}T\d{6}Z is now earlier than/,
    ],
    [
      "a future date",
      { credentials: EMULATOR_CREDENTIALS, systemClockOffset: 10 * 60_000 },
      "InvalidSignatureException",
      /Signature not yet current/,
    ],
  ])("refuses %s with 403", async (_what, config, name, message) => {
    const thrown: unknown = await invoke({ ...handler, ...config }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      name,
      message: expect.stringMatching(message) as unknown,
      $metadata: { httpStatusCode: 403 },
    });
  });
});

describe("authentication", () => {
  test("lets the SDK correct its clock by our Date header", async () => {
    expect(
      await invoke({ credentials: EMULATOR_CREDENTIALS, systemClockOffset: -3_600_000, maxAttempts: 2 }),
    ).toBe(200);
  });

  test("refuses a body that is not the signed one", async () => {
    const { url, headers } = await signByHand("bedrock", BODY);
    const answer = await fetch(url, { method: "POST", headers, body: BODY.replace("Hi", "Ho") });
    expect(answer.status).toBe(403);
    expect(answer.headers.get("x-amzn-errortype")).toBe("InvalidSignatureException");
  });

  test("refuses another service's scope", async () => {
    const { url, headers } = await signByHand("s3", BODY);
    const answer = await fetch(url, { method: "POST", headers, body: BODY });
    expect(await answer.json()).toEqual({
      message: "Credential should be scoped to correct service: 'bedrock'. ",
    });
  });

  test("accepts the request that those two forged", async () => {
    const { url, headers } = await signByHand("bedrock", BODY);
    const answer = await fetch(url, { method: "POST", headers, body: BODY });
    expect(answer.status).toBe(200);
  });

  test("refuses missing and incomplete authentication", async () => {
    const url = `${emulator.url}/model/${MODEL}/invoke`;
    const bare = await fetch(url, { method: "POST", body: BODY });
    expect([bare.status, bare.headers.get("x-amzn-errortype")]).toEqual([
      403,
      "MissingAuthenticationTokenException",
    ]);
    const half = await fetch(url, {
      method: "POST",
      body: BODY,
      headers: { authorization: "AWS4-HMAC-SHA256 Credential=x" },
    });
    expect([half.status, half.headers.get("x-amzn-errortype")]).toEqual([
      403,
      "IncompleteSignatureException",
    ]);
  });
});

/** Signs a request by hand, as a client of another language would. */
async function signByHand(
  service: string,
  body: string,
): Promise<{ url: string; headers: Record<string, string> }> {
  const url = new URL(`${emulator.url}/model/${MODEL}/invoke`);
  const signer = new SignatureV4({
    service,
    region: "us-east-1",
    credentials: EMULATOR_CREDENTIALS,
    sha256: NodeSha256,
  });
  const signed = await signer.sign(
    new HttpRequest({
      method: "POST",
      protocol: "http:",
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, "content-type": "application/json" },
      body,
    }),
  );
  return { url: url.href, headers: signed.headers };
}
