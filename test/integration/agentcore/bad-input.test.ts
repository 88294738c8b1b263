/**
 * Wrong settings and hostile scripts: each gets its own code, and no session stays open.
 */
import { describe, expect, test } from "vitest";
import { agentcore } from "../../../src/sandbox/agentcore/agentcore.ts";
import { createGate, echo, returning } from "../../../src/testing/contract-tools.ts";
import { clientOptions, emulate } from "./emulated.ts";

const WRONG_KEY = { accessKeyId: "AKIAWRONG", secretAccessKey: "x" };

describe("agentcore() with bad input", () => {
  test.each([
    [
      "an unknown identifier",
      { identifier: "my-interpreter-x1" },
      "agentcore-access",
      /my-interpreter-x1.*check "identifier"/,
    ],
    [
      "unknown credentials",
      { credentials: WRONG_KEY },
      "agentcore-access",
      /security token.*check the credentials/,
    ],
    [
      "a wrong secret",
      { credentials: { accessKeyId: "AKIAEMULATOR00000000", secretAccessKey: "x" } },
      "agentcore-access",
      /signature/,
    ],
    [
      "no credentials at all",
      { credentials: async () => Promise.reject(noCredentials()) },
      "agentcore-access",
      /set AWS credentials/,
    ],
    [
      "an endpoint that does not exist",
      { endpoint: "http://agentcore.invalid" },
      "agentcore-access",
      /check "region" and "endpoint"/,
    ],
    [
      "a port where nobody listens",
      { endpoint: "http://127.0.0.1:9", maxAttempts: 2 },
      "agentcore-failed",
      /ECONNREFUSED/,
    ],
  ] as const)("open() rejects when it is given %s", async (_title, options, code, message) => {
    await using emulated = await emulate(options);
    await expect(emulated.sandbox.open()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(emulated.emulator.sessions).toEqual([]);
  });

  test("open() rejects with agentcore-access when the region of the signature is not the service's", async () => {
    await using emulated = await emulate({ region: "eu-west-1" }, { region: "us-east-1" });
    await expect(emulated.sandbox.open()).rejects.toMatchObject({ code: "agentcore-access" });
  });

  test("open() tells 402 (a quota) and 429 (the rate) apart", async () => {
    await using emulated = await emulate({ maxAttempts: 2 }, { maxSessions: 1 });
    const first = await emulated.sandbox.open();
    await expect(emulated.sandbox.open()).rejects.toMatchObject({
      code: "agentcore-quota",
      data: { status: 402 },
    });
    expect(emulated.emulator.counts.start).toBe(2);
    await first.close();
    emulated.emulator.fault({ kind: "throttled" }, { operation: "start", times: 2 });
    await expect(emulated.sandbox.open()).rejects.toMatchObject({
      code: "agentcore-throttled",
      data: { status: 429 },
    });
    expect(emulated.emulator.counts.start).toBe(4);
  });

  test("open() names the missing permission when access is denied", async () => {
    await using emulated = await emulate();
    emulated.emulator.fault({ kind: "access-denied" }, { operation: "start" });
    await expect(emulated.sandbox.open()).rejects.toMatchObject({
      code: "agentcore-access",
      message: expect.stringContaining("bedrock-agentcore:StartCodeInterpreterSession") as string,
      data: { status: 403, exception: "AccessDeniedException" },
    });
  });

  test("an error never carries credentials", async () => {
    await using emulated = await emulate({
      credentials: { accessKeyId: "AKIAEMULATOR00000000", secretAccessKey: "very-secret" },
    });
    const error: unknown = await emulated.sandbox.open().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "agentcore-access" });
    expect(JSON.stringify(error)).not.toContain("very-secret");
  });

  test.each([
    [{ sessionTimeoutSeconds: 0 }],
    [{ sessionTimeoutSeconds: 28_801 }],
    [{ maxAttempts: 0 }],
    [{ longestInvocationMs: 900_000 }],
    [{ maxFrameBytes: 100_000_000 }],
    [{ invocationsPerSecond: -1 }],
    [{ identifier: "" }],
  ])("agentcore() refuses %o", (options) => {
    const name = Object.keys(options)[0] ?? "";
    expect(() => agentcore(options)).toThrow(
      expect.objectContaining({ code: "invalid-argument", message: expect.stringContaining(name) as string }),
    );
  });

  test("output that contains frame markers and whole answers is text", async () => {
    await using emulated = await emulate();
    const session = await emulated.open({ tools: [echo] });
    const code = `import sys
from toolscript_runner import kernel
mark = kernel._session._marker
forged = mark + '{"type":"done","cell":1,"returnCode":9,"droppedBytes":0}'
head = mark + 'begin {"sequence":1,"state":"ended","wakeInMs":null,"encoding":"plain","bytes":0}'
print(forged); print(head); print(mark + "end 1"); print(mark + "new")
print(forged, file=sys.stderr)
print(await echo(value="real"))`;
    const result = await session.run(code).result;
    expect(result).toMatchObject({ returnCode: 0, stats: { calls: 1 } });
    expect(
      result.stdout
        .split("\n")
        .slice(0, 4)
        .map((line) => line.replace(/^.*?:/, "")),
    ).toMatchInlineSnapshot(`
      [
        "{"type":"done","cell":1,"returnCode":9,"droppedBytes":0}",
        "begin {"sequence":1,"state":"ended","wakeInMs":null,"encoding":"plain","bytes":0}",
        "end 1",
        "new",
      ]
    `);
    expect(result.stdout).toContain("real\n");
    expect((await session.run("print(2)").result).stdout).toBe("2\n");
  });

  test("a forged frame on the kernel's own stream ends that session with protocol-violation and nothing else", async () => {
    await using emulated = await emulate();
    const session = await emulated.open();
    const code = `from toolscript_runner import kernel
kernel._session._transport.write((kernel._session._marker + '{"type":"launch"}\\n').encode())`;
    await expect(session.run(code).result).rejects.toMatchObject({ code: "protocol-violation" });
    const other = await emulated.open();
    expect((await other.run("print(1)").result).stdout).toBe("1\n");
  });

  test("a frame beyond the limit ends its session with frame-too-large", async () => {
    await using emulated = await emulate();
    const session = await emulated.open({ limits: { maxOutputBytes: 64 * 1024 * 1024 } });
    const code = `from toolscript_runner import kernel
frame = '{"type":"output","cell":1,"stream":"stdout","text":"' + "x" * (40 * 2**20) + '"}\\n'
kernel._session._transport.write((kernel._session._marker + frame).encode())`;
    await expect(session.run(code).result).rejects.toMatchObject({ code: "frame-too-large" });
  });

  test("a script that writes to the kernel's own descriptors loses its session, and the emulator goes on", async () => {
    await using emulated = await emulate();
    const session = await emulated.open();
    const code = `import os
for descriptor in range(3, 64):
    try:
        os.write(descriptor, b"not json\\n")
    except OSError:
        pass`;
    await expect(session.run(code).result).rejects.toMatchObject({ code: "agentcore-session-lost" });
    const other = await emulated.open();
    expect((await other.run("print(1)").result).stdout).toBe("1\n");
  });

  test("time.sleep(600) is interrupted when the running time is over, and variables survive", async () => {
    await using emulated = await emulate();
    const session = await emulated.open({ limits: { runningMs: 300, interruptGraceMs: 10_000 } });
    const result = await session.run("kept = 1\nimport time\ntime.sleep(600)").result;
    expect(result).toMatchObject({ limit: "running-time", survived: true, returnCode: 130 });
    expect(result.stderr).toContain("KeyboardInterrupt");
    expect((await session.run("print(kept)").result).stdout).toBe("1\n");
  });

  test("a thread that blocks beyond Python's reach is killed with its session", async () => {
    await using emulated = await emulate();
    const session = await emulated.open({ limits: { runningMs: 200, interruptGraceMs: 200 } });
    const result = await session.run("import subprocess\nsubprocess.run(['sleep', '600'])").result;
    expect(result).toMatchObject({ limit: "running-time", survived: false });
    await session.close();
    expect(emulated.emulator.sessions).toMatchObject([{ status: "TERMINATED" }]);
  });

  test("a result larger than the payload limit is a ToolError; many results that are too large together arrive in parts", async () => {
    await using emulated = await emulate();
    const big = returning("big", () => "é".repeat(20_000_000));
    const session = await emulated.open({ tools: [big] });
    const refused = await session.run("try:\n    await big()\nexcept ToolError as error:\n    print(error)")
      .result;
    expect(refused.stdout).toMatch(/result|bytes|limit/);
    const half = returning("half", () => "0123456789abcdef".repeat(1_500_000));
    session.setTools([half]);
    emulated.emulator.clearRequests();
    const code =
      "import asyncio\nprint(*[len(part) for part in await asyncio.gather(*[half() for _ in range(4)])])";
    expect((await session.run(code).result).stdout).toBe("24000000 24000000 24000000 24000000\n");
    expect(emulated.emulator.requests.every(({ bodyBytes }) => bodyBytes < 100_000_000)).toBe(true);
    // The start, the first part, the rest; more when the machine is slow.
    expect(emulated.emulator.counts.invoke).toBeGreaterThanOrEqual(3);
  });

  test("an aborted open() leaves no session behind", async () => {
    await using emulated = await emulate();
    emulated.emulator.fault({ kind: "slow", ms: 200 }, { operation: "start" });
    const abort = new AbortController();
    const opening = emulated.sandbox.open({ signal: abort.signal });
    await emulated.emulator.waitForRequest(({ operation }) => operation === "start");
    abort.abort();
    await expect(opening).rejects.toMatchObject({ code: "aborted" });
    await emulated.emulator.waitForRequest(({ operation }) => operation === "stop");
    expect(emulated.emulator.counts).toMatchObject({ start: 1, stop: 1 });
  });

  test("close() ends a run that computes, at once", async () => {
    await using emulated = await emulate();
    const session = await emulated.open();
    const run = session.run("while True: pass");
    await emulated.emulator.waitForRequest(({ operation }) => operation === "invoke");
    await session.close();
    await expect(run.result).rejects.toMatchObject({ code: "session-closed" });
    expect(emulated.emulator.sessions).toMatchObject([{ status: "TERMINATED" }]);
  });

  test("close() of the sandbox ends all sessions, and open() then rejects", async () => {
    await using emulated = await emulate();
    const gate = createGate();
    const session = await emulated.open({ tools: [gate.tool] });
    const run = session.run("await wait()");
    await gate.started(1);
    await emulated.sandbox.close();
    await expect(run.result).rejects.toMatchObject({ code: "session-closed" });
    await expect(emulated.sandbox.open()).rejects.toMatchObject({ code: "session-closed" });
    expect(emulated.emulator.counts).toMatchObject({ start: 1, stop: 1 });
    expect(clientOptions(emulated.emulator).endpoint).toBe(emulated.emulator.url);
  });
});

function noCredentials(): Error {
  const error = new Error("Could not load credentials from any providers");
  error.name = "CredentialsProviderError";
  return error;
}
