/**
 * The AgentCore emulator, asked by the real AWS SDK client only.
 */
import {
  BedrockAgentCoreClient,
  type CodeInterpreterResult,
  GetCodeInterpreterSessionCommand,
  InvokeCodeInterpreterCommand,
  ListCodeInterpreterSessionsCommand,
  StartCodeInterpreterSessionCommand,
  StopCodeInterpreterSessionCommand,
  type ToolArguments,
  type ToolName,
} from "@aws-sdk/client-bedrock-agentcore";
import { afterAll, describe, expect, test } from "vitest";
import {
  AGENTCORE_EMULATOR_CREDENTIALS,
  type AgentCoreEmulator,
  startAgentCoreEmulator,
} from "./agentcore-emulator.ts";

const IDENTIFIER = { codeInterpreterIdentifier: "aws.codeinterpreter.v1" };

/** A client, and one session of it. */
interface Peer {
  readonly client: BedrockAgentCoreClient;
  readonly sessionId: string;
  invoke(name: ToolName, given: ToolArguments): Promise<CodeInterpreterResult>;
  execute(code: string): Promise<CodeInterpreterResult>;
}

async function connect(emulator: AgentCoreEmulator, timeoutSeconds = 600): Promise<Peer> {
  const client = new BedrockAgentCoreClient({
    region: "us-east-1",
    endpoint: emulator.url,
    credentials: AGENTCORE_EMULATOR_CREDENTIALS,
    maxAttempts: 1,
  });
  const start = new StartCodeInterpreterSessionCommand({
    ...IDENTIFIER,
    sessionTimeoutSeconds: timeoutSeconds,
  });
  const { sessionId = "" } = await client.send(start);
  const invoke: Peer["invoke"] = async (name, given) => {
    const command = new InvokeCodeInterpreterCommand({ ...IDENTIFIER, sessionId, name, arguments: given });
    const { stream } = await client.send(command);
    const results: CodeInterpreterResult[] = [];
    for await (const { result } of stream ?? []) if (result !== undefined) results.push(result);
    const [result] = results;
    if (result === undefined) throw new Error("no result came");
    return result;
  };
  return {
    client,
    sessionId,
    invoke,
    execute: (code) => invoke("executeCode", { language: "python", code }),
  };
}

const emulator = await startAgentCoreEmulator({ requestsPerSecond: 0 });
afterAll(() => emulator.close());

describe("startAgentCoreEmulator() executes code", () => {
  test("with stdout, stderr and exit code, and keeps variables", async () => {
    const { execute } = await connect(emulator);
    expect(await execute("import sys\nx = 20\nprint(x)\nprint('e', file=sys.stderr)")).toMatchObject({
      content: [{ type: "text", text: "20\n" }],
      structuredContent: {
        stdout: "20\n",
        stderr: "e\n",
        exitCode: 0,
        executionTime: expect.any(Number) as number,
      },
      isError: false,
    });
    expect((await execute("x + 1")).structuredContent?.stdout).toBe("21\n");
  });

  test("while its event loop runs, with await at the top level", async () => {
    const { execute } = await connect(emulator);
    expect(
      (await execute("import asyncio\nprint(await asyncio.sleep(0.01, 5))")).structuredContent?.stdout,
    ).toBe("5\n");
    const { structuredContent } = await execute("async def f(): pass\nasyncio.run(f())");
    expect(structuredContent?.stderr).toContain("asyncio.run() cannot be called from a running event loop");
  });

  test("and shows exceptions as IPython does", async () => {
    const { execute } = await connect(emulator);
    const result = await execute("def f():\n    return 1 / 0\nf()");
    expect(result).toMatchObject({ isError: true, structuredContent: { stdout: "", exitCode: 1 } });
    expect(result.content?.[0]?.text).toBe(result.structuredContent?.stderr);
    expect(result.structuredContent?.stderr).toMatchInlineSnapshot(`
      "---------------------------------------------------------------------------
      ZeroDivisionError                         Traceback (most recent call last)
      Cell In[1], line 3
            1 def f():
            2     return 1 / 0
      ----> 3 f()

      Cell In[1], line 2, in f
            1 def f():
      ----> 2     return 1 / 0
            3 f()

      ZeroDivisionError: division by zero
      "
    `);
    expect((await execute("print(")).structuredContent?.stderr).toContain("SyntaxError");
  });

  test("one after another in a session, side by side in two", async () => {
    const [one, two] = await Promise.all([connect(emulator), connect(emulator)]);
    const code = "import time\nn = globals().get('n', 0) + 1\ntime.sleep(0.05)\nprint(n)";
    const results = await Promise.all([one.execute(code), one.execute(code), two.execute(code)]);
    expect(results.map(({ structuredContent }) => structuredContent?.stdout ?? "").toSorted()).toEqual([
      "1\n",
      "1\n",
      "2\n",
    ]);
  });

  test("in a fresh kernel after the old one ended by itself", async () => {
    const { execute } = await connect(emulator);
    await expect(execute("x = 1\nimport os\nos._exit(3)")).rejects.toMatchObject({
      name: "InternalServerException",
    });
    expect((await execute("'x' in globals()")).structuredContent?.stdout).toBe("False\n");
  });

  test("and forgets variables when clearContext says so", async () => {
    const { execute, invoke } = await connect(emulator);
    await execute("x = 1");
    const cleared = await invoke("executeCode", {
      language: "python",
      code: "'x' in globals()",
      clearContext: true,
    });
    expect(cleared.structuredContent?.stdout).toBe("False\n");
  });
});

describe("startAgentCoreEmulator() does the other tools", () => {
  test("writeFiles, listFiles, readFiles and removeFiles share the folder of the code", async () => {
    const { invoke, execute } = await connect(emulator);
    const content = [
      { path: "a.txt", text: "hi" },
      { path: "d/b.bin", blob: new Uint8Array([0, 255]) },
    ];
    expect((await invoke("writeFiles", { content })).content).toEqual([
      { type: "text", text: "Successfully wrote all 2 files" },
    ]);
    expect((await execute("print(open('a.txt').read())")).structuredContent?.stdout).toBe("hi\n");
    const listed = await invoke("listFiles", { path: "" });
    expect(listed.content?.map(({ name }) => name).toSorted()).toEqual(["a.txt", "d"]);
    const { content: read } = await invoke("readFiles", { paths: ["a.txt", "d/b.bin"] });
    expect(read?.map(({ resource }) => resource?.text ?? [...(resource?.blob ?? [])])).toEqual([
      "hi",
      [0, 255],
    ]);
    await invoke("removeFiles", { paths: ["a.txt"] });
    expect(await invoke("readFiles", { paths: ["a.txt"] })).toMatchObject({ isError: true });
    await expect(invoke("readFiles", { paths: ["../../etc/passwd"] })).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  test("executeCommand waits, startCommandExecution does not", async () => {
    const { invoke } = await connect(emulator);
    expect(await invoke("executeCommand", { command: "echo out; echo err >&2; exit 4" })).toMatchObject({
      structuredContent: { stdout: "out\n", stderr: "err\n", exitCode: 4, taskStatus: "failed" },
      isError: true,
    });
    const started = await invoke("startCommandExecution", { command: "sleep 600" });
    const taskId = started.structuredContent?.taskId ?? "";
    expect((await invoke("getTask", { taskId })).structuredContent?.taskStatus).toBe("working");
    expect((await invoke("stopTask", { taskId })).structuredContent?.taskStatus).toBe("canceled");
  });
});

describe("startAgentCoreEmulator() keeps sessions", () => {
  test("started, found, listed and stopped", async () => {
    const { client, sessionId } = await connect(emulator);
    expect(sessionId).toMatch(/^[0-9a-zA-Z]{1,40}$/);
    const get = new GetCodeInterpreterSessionCommand({ ...IDENTIFIER, sessionId });
    expect(await client.send(get)).toMatchObject({ sessionId, status: "READY", sessionTimeoutSeconds: 600 });
    const list = new ListCodeInterpreterSessionsCommand({ ...IDENTIFIER, status: "READY", maxResults: 100 });
    expect((await client.send(list)).items?.map((item) => item.sessionId)).toContain(sessionId);
    await client.send(new StopCodeInterpreterSessionCommand({ ...IDENTIFIER, sessionId }));
    expect(await client.send(get)).toMatchObject({ status: "TERMINATED" });
  });

  test("that end with their time", async () => {
    const { execute } = await connect(emulator, 1);
    await expect(execute("import time\ntime.sleep(60)")).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      $metadata: { httpStatusCode: 404 },
    });
  });

  test("one for a client token, however often it is asked", async () => {
    const { client } = await connect(emulator);
    const start = new StartCodeInterpreterSessionCommand({ ...IDENTIFIER, clientToken: "a".repeat(40) });
    const [one, two] = await Promise.all([client.send(start), client.send(start)]);
    expect(one.sessionId).toBe(two.sessionId);
  });
});

describe("startAgentCoreEmulator() refuses", () => {
  test("more than 30 invocations a second", async () => {
    await using limited = await startAgentCoreEmulator();
    const { execute } = await connect(limited);
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => execute("pass")));
    const refused = results.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({
      reason: { name: "ThrottlingException", $metadata: { httpStatusCode: 429 } },
    });
    expect(results.length - refused.length).toBeGreaterThanOrEqual(30);
  });

  test.each([
    ["an unknown interpreter", { codeInterpreterIdentifier: "nobody" }, "ResourceNotFoundException", 404],
    ["a timeout of ten hours", { ...IDENTIFIER, sessionTimeoutSeconds: 36_000 }, "ValidationException", 400],
  ])("%s", async (_title, input, name, status) => {
    const { client } = await connect(emulator);
    await expect(client.send(new StartCodeInterpreterSessionCommand(input))).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode: status },
    });
  });

  test("wrong signatures, and more sessions than there may be", async () => {
    await using small = await startAgentCoreEmulator({ maxSessions: 1 });
    await connect(small);
    await expect(connect(small)).rejects.toMatchObject({
      name: "ServiceQuotaExceededException",
      $metadata: { httpStatusCode: 402 },
    });
    await using other = await startAgentCoreEmulator({
      credentials: [{ accessKeyId: "A", secretAccessKey: "b" }],
    });
    await expect(connect(other)).rejects.toMatchObject({ name: "UnrecognizedClientException" });
  });

  test("other languages, unknown tasks and missing arguments", async () => {
    const { invoke } = await connect(emulator);
    await expect(invoke("executeCode", { language: "javascript", code: "1" })).rejects.toThrow(
      /'python' only/,
    );
    await expect(invoke("executeCode", {})).rejects.toThrow(/arguments.code/);
    await expect(invoke("getTask", { taskId: "x" })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });
});

describe("startAgentCoreEmulator() records", () => {
  test("requests and counts, and no secret", async () => {
    await using fresh = await startAgentCoreEmulator();
    const { execute, sessionId } = await connect(fresh);
    await execute("print('x')");
    expect(fresh.counts).toMatchObject({ start: 1, invoke: 1, stop: 0 });
    expect(fresh.requests.at(1)).toMatchObject({
      operation: "invoke",
      sessionId,
      tool: "executeCode",
      code: "print('x')",
      status: 200,
    });
    expect(JSON.stringify(fresh.requests)).not.toContain("Signature");
    fresh.clearRequests();
    expect(fresh.requests).toEqual([]);
  });
});

describe("startAgentCoreEmulator() goes on", () => {
  test("when a script writes a line to the kernel's channel that has no end", async () => {
    const { execute } = await connect(emulator);
    const flood = execute("import os\nblock = b'x' * 1048576\nwhile True: os.write(4, block)");
    await expect(flood).rejects.toMatchObject({ name: "InternalServerException" });
    expect((await execute("print(1)")).structuredContent?.stdout).toBe("1\n");
  });

  test("and keeps the beginning of a command's output when there is no end of it", async () => {
    const { invoke } = await connect(emulator);
    const { structuredContent } = await invoke("executeCommand", { command: "yes | head -c 3000000" });
    expect(structuredContent).toMatchObject({ exitCode: 0 });
    expect(structuredContent?.stdout?.length).toBe(1024 * 1024);
  });

  test("when a command cannot be started", async () => {
    const { execute, invoke } = await connect(emulator);
    await execute("import os, shutil\nshutil.rmtree(os.getcwd())");
    const { structuredContent } = await invoke("startCommandExecution", { command: "true" });
    const { taskId = "" } = structuredContent ?? {};
    expect(await invoke("executeCommand", { command: "true" })).toMatchObject({ isError: true });
    expect(await invoke("getTask", { taskId })).toMatchObject({ isError: true });
  });
});
