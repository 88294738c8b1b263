/** Signatures of copies, against those of the AWS SDK's own signer. */
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, test } from "vitest";
import { NodeSha256 } from "../../emulator/aws-http/node-sha256.ts";
import { createCopySigner, type SignedParts } from "./copy-signer.ts";

const PARTS: SignedParts = {
  method: "POST",
  path: "/model/us.anthropic.claude-sonnet-5/invoke",
  headers: { host: "bedrock-runtime.us-east-1.amazonaws.com", "content-type": "application/json" },
  credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  region: "us-east-1",
  service: "bedrock",
};
const TIME = Date.UTC(2026, 10, 22, 23, 59, 59, 400);
const DAY_MS = 86_400_000;

async function signByLibrary(
  { credentials, region, service, ...parts }: SignedParts,
  body: string,
  time: number,
) {
  const signer = new SignatureV4({
    credentials,
    region,
    service,
    sha256: NodeSha256,
    applyChecksum: false,
  });
  const request = new HttpRequest({ ...parts, protocol: "https:", headers: { ...parts.headers }, body });
  return (await signer.sign(request, { signingDate: new Date(time) })).headers;
}

describe("createCopySigner()", () => {
  const cases: readonly (readonly [string, Partial<SignedParts>])[] = [
    ["a plain path", {}],
    [
      "a path that is percent-encoded already",
      { path: "/model/us.anthropic.claude-sonnet-4-5-v1%3A0/invoke" },
    ],
    [
      "an ARN with every odd character",
      { path: "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprofile%2Fa!'()*~_-.b/invoke" },
    ],
    ["a temporary key", { credentials: { ...PARTS.credentials, sessionToken: "token/with+signs==" } }],
    ["HTTP/2", { headers: { ":authority": "localhost:8080", "content-type": "application/json" } }],
    ["another region and service", { region: "eu-central-1", service: "bedrock-mantle" }],
  ];

  test.each(cases)("signs as the SDK does: %s", async (_name, change) => {
    const parts = { ...PARTS, ...change };
    const sign = createCopySigner(parts);
    for (const body of ['{"a":1}', "", "Grüße 😀"]) {
      expect(await signByLibrary(parts, body, TIME)).toMatchObject(sign(body, TIME));
    }
  });

  test("follows the calendar, forwards and back", async () => {
    const sign = createCopySigner(PARTS);
    for (const time of [TIME, TIME + 1_000, TIME + DAY_MS, TIME]) {
      expect(await signByLibrary(PARTS, "{}", time)).toMatchObject(sign("{}", time));
    }
  });
});
