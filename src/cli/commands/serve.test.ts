import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { runCli } from "../../../test/run-cli.ts";
import { PROMPT, RunningServer } from "../../../test/running-server.ts";
import { createUserFolder } from "../../../test/user-folder.ts";
import {
  EMULATOR_CREDENTIALS,
  startAgentCoreEmulator,
  startBedrockEmulator,
} from "../../emulator/emulator.ts";

// Each test starts processes, and the first sandbox of a machine builds its snapshot.
vi.setConfig({ testTimeout: 120_000 });

const CODE = "print('code that no log may hold')";

async function addKey(folder: string, name: string): Promise<string> {
  const { exitCode, stdout } = await runCli(["keys", "add", name, "--file", "keys.json"], { cwd: folder });
  expect(exitCode).toBe(0);
  return stdout.trim();
}

describe("serve", () => {
  test("serve answers, logs a line without anything secret, and ends with 0 when it is terminated", async () => {
    await using emulator = await startBedrockEmulator({
      scenario: [
        { content: [{ type: "tool_use", name: "code_execution", input: { code: CODE } }] },
        { content: "Done" },
      ],
    });
    await using folder = await createUserFolder({});
    const key = await addKey(folder.path, "app");
    await using server = new RunningServer(
      ["--upstream-url", emulator.url, "--keys", "keys.json"],
      {},
      folder.path,
    );
    const response = await server.send({ "x-api-key": key }, [
      { type: "code_execution_20260120", name: "code_execution" },
    ]);
    expect(await response.json()).toMatchObject({
      content: [{}, {}, { text: "Done" }],
      stop_reason: "end_turn",
    });
    expect((await server.send({ "x-api-key": "wrong" })).status).toBe(401);
    expect(await server.stop()).toBe(0);
    expect(server.log.map((entry) => entry["event"])).toEqual([
      "listening",
      "request",
      "request",
      "shutting-down",
      "closed",
    ]);
    expect(server.log[1]).toMatchObject({
      level: "info",
      requestId: response.headers.get("request-id"),
      key: "app",
      method: "POST",
      path: "/v1/messages",
      kind: "code",
      model: "claude-sonnet-5",
      status: 200,
      samples: 2,
      outputTokens: expect.any(Number) as number,
      ms: expect.any(Number) as number,
    });
    const written = JSON.stringify(server.log) + server.stderr;
    for (const secret of [key, PROMPT, "no log may hold", "Done"]) expect(written).not.toContain(secret);
  });

  test("serve runs scripts on the code interpreter that the configuration names, in the server's region", async () => {
    await using emulator = await startBedrockEmulator({
      scenario: [
        { content: [{ type: "tool_use", name: "code_execution", input: { code: CODE } }] },
        { content: "Done" },
      ],
    });
    const interpreter = await startAgentCoreEmulator({
      credentials: [EMULATOR_CREDENTIALS],
      interpreters: ["team-AbCdEf1234"],
      region: "us-east-1",
    });
    try {
      const agentcore = {
        identifier: "team-AbCdEf1234",
        endpoint: interpreter.url,
        sessionTimeoutSeconds: 600,
      };
      await using folder = await createUserFolder({
        "serve.json": JSON.stringify({ sandbox: "agentcore", agentcore }),
      });
      const args = ["--upstream-url", emulator.url, "--config", "serve.json"];
      await using server = new RunningServer(args, {}, folder.path);
      const response = await server.send({}, [{ type: "code_execution_20260120", name: "code_execution" }]);
      expect(await response.json()).toMatchObject({ stop_reason: "end_turn" });
      expect(interpreter.sessions).toMatchObject([
        { identifier: "team-AbCdEf1234", timeoutSeconds: 600, status: "READY" },
      ]);
      expect(await server.stop()).toBe(0);
      expect(interpreter.sessions).toMatchObject([{ status: "TERMINATED" }]);
    } finally {
      await interpreter.close();
    }
  });

  test("serve lets a paused script go on, and nothing new begin, when it is terminated", async () => {
    await using emulator = await startBedrockEmulator({
      scenario: [
        { content: [{ type: "tool_use", name: "code_execution", input: { code: "print(await get({}))" } }] },
        { content: "Done" },
      ],
    });
    await using server = new RunningServer(["--upstream-url", emulator.url]);
    const code = { type: "code_execution_20260120", name: "code_execution" };
    const get = { name: "get", input_schema: { type: "object" }, allowed_callers: [code.type] };
    const first = (await (await server.send({}, [code, get])).json()) as {
      content: { type: string; id: string }[];
      container: { id: string };
    };
    const stopped = server.stop();
    await server.waitFor("shutting-down");
    const refused = await server.send({}, [code, get]);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([529, "1"]);
    const call = first.content.find(({ type }) => type === "tool_use");
    const next = await server.send({}, [code, get], {
      container: first.container.id,
      messages: [
        { role: "user", content: PROMPT },
        { role: "assistant", content: first.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call?.id, content: "late" }] },
      ],
    });
    expect(await next.json()).toMatchObject({
      content: [{ content: { stdout: "late\n" } }, { text: "Done" }],
    });
    expect(await stopped).toBe(0);
  });

  test("serve logs bodies and says so when it is told to", async () => {
    await using emulator = await startBedrockEmulator({ scenario: [{ content: "Hello" }] });
    await using server = new RunningServer(["--upstream-url", emulator.url, "--log-bodies"]);
    await (await server.send({})).text();
    expect(await server.stop()).toBe(0);
    expect(server.stderr).toContain("WARNING");
    expect(server.log.find((entry) => entry["event"] === "request")).toMatchObject({
      requestBody: { messages: [{ content: PROMPT }] },
      responseBody: { content: [{ text: "Hello" }] },
    });
  });

  test("serve takes new keys without a restart and keeps the old ones when the file is broken", async () => {
    await using emulator = await startBedrockEmulator({ scenario: () => ({ content: "Hello" }) });
    await using folder = await createUserFolder({});
    const first = await addKey(folder.path, "first");
    await using server = new RunningServer(
      ["--upstream-url", emulator.url, "--keys", "keys.json"],
      {},
      folder.path,
    );
    await server.waitFor("listening");
    const second = await addKey(folder.path, "second");
    server.kill("SIGHUP");
    await server.waitFor("keys-reloaded");
    expect((await server.send({ authorization: `Bearer ${second}` })).status).toBe(200);
    await writeFile(join(folder.path, "keys.json"), "{");
    server.kill("SIGHUP");
    expect(await server.waitFor("keys-not-reloaded")).toMatchObject({ level: "error", keys: 2 });
    expect((await server.send({ "x-api-key": first })).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });

  test("serve says that only this machine may connect when there is no key", async () => {
    await using emulator = await startBedrockEmulator({ scenario: [{ content: "Hello" }] });
    await using server = new RunningServer(["--upstream-url", emulator.url]);
    expect((await server.send({})).status).toBe(200);
    expect(server.stderr).toContain("ONLY THIS MACHINE MAY CONNECT");
    expect(await server.stop()).toBe(0);
  });

  test("serve takes keys from the environment", async () => {
    await using emulator = await startBedrockEmulator({ scenario: [{ content: "Hello" }] });
    const key = "0123456789-0123456789-0123456789";
    await using server = new RunningServer(["--upstream-url", emulator.url], {
      TOOLSCRIPT_KEYS: `app=${key}`,
    });
    expect((await server.send({})).status).toBe(401);
    expect((await server.send({ "x-api-key": key })).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });

  test("serve brings scripts to an upstream that speaks the Messages API", async () => {
    await using emulator = await startBedrockEmulator({
      scenario: ({ messages, tools }) => {
        if (tools === undefined) return { content: "Hello" };
        const use = { type: "tool_use", name: "code_execution", input: { code: "print(6 * 7)" } };
        return { content: messages.length === 1 ? [use] : "Done" };
      },
    });
    await using inner = new RunningServer(["--upstream-url", emulator.url]);
    const url = String((await inner.waitFor("listening"))["url"]);
    await using server = new RunningServer(["--upstream", "anthropic", "--upstream-url", url]);
    const turn = await server.send({}, [{ type: "code_execution_20260120", name: "code_execution" }]);
    const [use, result, text] = ((await turn.json()) as { content: object[] }).content;
    expect([use, result, text]).toMatchObject([
      { type: "server_tool_use" },
      { type: "code_execution_tool_result", content: { stdout: "42\n" } },
      { text: "Done" },
    ]);
    expect(await (await server.send({})).json()).toMatchObject({ content: [{ text: "Hello" }] });
    expect([await server.stop(), await inner.stop()]).toEqual([0, 0]);
    expect(inner.log.filter(({ event }) => event === "request").map(({ kind }) => kind)).toEqual(
      Array.from({ length: 3 }, () => "pass-through"),
    );
  });

  test.each([
    ["a setting is unknown", '{"prot": 1}', 'Unrecognized key: "prot"'],
    ["a setting is wrong", '{"port": "x"}', "port: Invalid input"],
    ["it is no JSON", "{", "configuration file"],
    ["its keys file is not there", '{"keys": "none.json"}', "none.json"],
  ])("serve exits with 2 and says why when of its configuration %s", async (_name, text, reason) => {
    await using folder = await createUserFolder({ "serve.json": text });
    const { exitCode, stderr } = await runCli(["serve", "--port", "0", "--config", "serve.json"], {
      cwd: folder.path,
    });
    expect(stderr).toContain(reason);
    expect(exitCode).toBe(2);
  });
});

describe("keys", () => {
  test("keys list and keys remove show and end keys without knowing them", async () => {
    await using folder = await createUserFolder({});
    const cwd = folder.path;
    const args = [
      "keys",
      "add",
      "app",
      "--file",
      "keys.json",
      "--expires",
      "90d",
      "--model",
      "claude-*",
      "--max-containers",
      "3",
    ];
    const key = (await runCli(args, { cwd })).stdout.trim();
    expect(await readFile(join(cwd, "keys.json"), "utf8")).not.toContain(key);
    const { stdout } = await runCli(["keys", "list", "--file", "keys.json", "--json"], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      keys: [{ name: "app", models: ["claude-*"], limits: { maxContainers: 3 } }],
    });
    expect((await runCli(["keys", "remove", "app", "--file", "keys.json"], { cwd })).exitCode).toBe(0);
    expect((await runCli(["keys", "remove", "app", "--file", "keys.json"], { cwd })).exitCode).toBe(2);
  });
});
