/** What the emulator keeps, refuses and says, and how it starts and ends. */
import { BedrockRuntimeClient, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Scenario } from "../model/scenario.ts";
import { EMULATOR_CREDENTIALS, startBedrockEmulator, type BedrockEmulator } from "./emulator.ts";

const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const SCENARIO: Scenario = [{ content: "Hello" }];
const BODY = JSON.stringify({
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 100,
  messages: [{ role: "user", content: "Look!" }],
});

let emulator: BedrockEmulator;
let client: BedrockRuntimeClient;
beforeAll(async () => {
  emulator = await startBedrockEmulator({ scenario: SCENARIO, region: "us-east-1" });
  client = new BedrockRuntimeClient({
    region: "us-east-1",
    endpoint: emulator.url,
    credentials: EMULATOR_CREDENTIALS,
    authSchemePreference: ["sigv4"],
  });
});
afterAll(async () => {
  client.destroy();
  await emulator.close();
});
afterEach(() => emulator.clearRequests());

describe("startBedrockEmulator()", () => {
  test("says in each answer that no model was called", async () => {
    await using open = await startBedrockEmulator({ scenario: SCENARIO, auth: "none" });
    const ok = await fetch(`${open.url}/model/x/invoke`, { method: "POST", body: BODY });
    expect(ok.headers.get("x-toolscript-scripted")).toBe("true");
    expect(await ok.json()).toMatchObject({ model: "scripted", scripted: true });
  });

  test("answers unknown routes as an AWS front end does", async () => {
    await using open = await startBedrockEmulator({ auth: "none" });
    for (const path of ["/model/x/unknown", "/anthropic/v1/messages", "/"]) {
      const answer = await fetch(open.url + path, { method: "POST", body: "{}" });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({
        Output: { __type: "com.amazon.coral.service#UnknownOperationException" },
      });
    }
  });

  test("keeps no secret and no more requests than its limit in the record", async () => {
    await using small = await startBedrockEmulator({
      auth: "none",
      scenario: SCENARIO,
      maxRecordedRequests: 2,
    });
    for (const path of ["a", "b", "c"]) {
      const headers = { authorization: "Bearer secret", "x-amz-security-token": "secret", "x-kept": "yes" };
      await fetch(`${small.url}/model/${path}/invoke`, { method: "POST", body: BODY, headers });
    }
    expect(small.requests.map(({ index, modelId }) => [index, modelId])).toEqual([
      [1, "b"],
      [2, "c"],
    ]);
    expect(JSON.stringify(small.requests)).not.toContain("secret");
    expect(small.requests[0]?.headers["x-kept"]).toBe("yes");
  });

  test("keeps no more text of bodies than its limit in the record", async () => {
    await using small = await startBedrockEmulator({
      auth: "none",
      scenario: SCENARIO,
      maxRecordedCharacters: BODY.length * 2,
    });
    for (const path of ["a", "b", "c"]) {
      await fetch(`${small.url}/model/${path}/invoke`, { method: "POST", body: BODY });
    }
    expect(small.requests.map(({ modelId }) => modelId)).toEqual(["b", "c"]);
    await fetch(`${small.url}/model/d/invoke`, { method: "POST", body: BODY.padEnd(BODY.length * 3) });
    expect(small.requests.map(({ modelId }) => modelId)).toEqual(["d"]);
  });

  test("says what to do when its port is taken", async () => {
    await expect(startBedrockEmulator({ port: emulator.port })).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining(`port ${emulator.port}: listen EADDRINUSE`) as unknown,
    });
  });

  test("decodes model ids that are ARNs", async () => {
    const arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-8";
    await client.send(new InvokeModelCommand({ modelId: arn, body: BODY, contentType: "application/json" }));
    expect(emulator.requests[0]?.modelId).toBe(arn);
  });

  test("counts with a counter of one's own and plays usage of the scenario", async () => {
    await using counting = await startBedrockEmulator({
      auth: "none",
      scenario: [{ content: "a b c", usage: { cache_read_input_tokens: 7 } }],
      countTokens: (text) => text.split(" ").length,
    });
    const answer = await fetch(`${counting.url}/model/x/invoke`, { method: "POST", body: BODY });
    expect(await answer.json()).toMatchObject({
      usage: { input_tokens: 1, output_tokens: 3, cache_read_input_tokens: 7 },
    });
  });

  test("refuses bodies that are too large", async () => {
    await using small = await startBedrockEmulator({ auth: "none", maxBodyBytes: 100 });
    const answer = await fetch(`${small.url}/model/x/invoke`, {
      method: "POST",
      body: "x".repeat(3_000_000),
    });
    expect(answer.status).toBe(413);
    expect(small.requests[0]).toMatchObject({ exception: "RequestEntityTooLargeException" });
  });

  test("refuses a request that the scenario has no answer for, and says what was asked", async () => {
    emulator.setScenario([]);
    const command = new InvokeModelCommand({ modelId: CLAUDE, body: BODY, contentType: "application/json" });
    await expect(client.send(command)).rejects.toThrow(
      'No scenario turn 0: the scenario has 0 turns; the last message was "Look!"',
    );
    emulator.setScenario([{ content: "x", expect: "Listen" }]);
    await expect(client.send(command)).rejects.toThrow('Scenario turn 0 expects "Listen"');
    emulator.setScenario(() => {
      throw new Error("broken scenario");
    });
    await expect(client.send(command)).rejects.toThrow("The scenario failed: broken scenario");
    emulator.setScenario(SCENARIO);
  });

  test("close() ends open connections and frees the port", async () => {
    const closing = await startBedrockEmulator({
      auth: "none",
      scenario: [{ content: "late", delayMs: 3_600_000 }],
    });
    const waiting = fetch(`${closing.url}/model/x/invoke`, { method: "POST", body: BODY });
    const record = await closing.waitForRequest();
    await Promise.all([expect(waiting).rejects.toThrow(TypeError), closing.close()]);
    expect(await record.finished).toBe("aborted");
    await closing.close();
    await using again = await startBedrockEmulator({ port: closing.port });
    expect(again.port).toBe(closing.port);
  });
});
