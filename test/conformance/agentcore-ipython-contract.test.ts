/**
 * The contract again, with a real IPython kernel behind the emulator: what the runner does in a kernel is proved there,
 * not only in ours. Invocations are short, so that kernel and script take turns often while scripts compute. Also that the
 * kernel's own side is unharmed.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AgentCoreEmulator, startAgentCoreEmulator } from "../../src/emulator/agentcore-emulator.ts";
import { agentcore } from "../../src/sandbox/agentcore/agentcore.ts";
import { createAgentCoreClient } from "../../src/sandbox/agentcore/agentcore-client.ts";
import { resolveAgentCoreOptions } from "../../src/sandbox/agentcore/agentcore-options.ts";
import { openScriptSession } from "../../src/script/script-session.ts";
import { createGate, echo } from "../../src/testing/contract-tools.ts";
import {
  type OpenContractBench,
  openContractBench,
  sandboxContract,
} from "../../src/testing/sandbox-contract.ts";
import { clientOptions } from "../integration/agentcore/emulated.ts";
import { ipythonKernelCommand } from "../ipython.ts";
import { requireOrSkip } from "../require.ts";

/** Address space: IPython's threads reserve much of it. */
const MEMORY_MB = 3000;

/** A kernel takes seconds to start on a busy machine. */
const TIMEOUT_MS = 60_000;

const skip = await requireOrSkip("ipython", ipythonKernelCommand);

describe.skipIf(skip)("AgentCore sandbox on a real IPython kernel", { timeout: TIMEOUT_MS }, () => {
  let emulator: AgentCoreEmulator;
  let bench: OpenContractBench;

  beforeAll(async () => {
    const kernelCommand = await ipythonKernelCommand();
    emulator = await startAgentCoreEmulator({ requestsPerSecond: 0, memoryMb: MEMORY_MB, kernelCommand });
    const sandbox = agentcore({ ...clientOptions(emulator), longestInvocationMs: 10 });
    bench = openContractBench(sandbox, { threads: true, subprocesses: true });
  });
  afterAll(async () => {
    await bench.close();
    await emulator.close();
  });

  for (const one of sandboxContract) test(`[${one.id}] ${one.shows}`, () => bench.prove(one));

  test("kernels that start at once all start, however slowly", async () => {
    const sandbox = agentcore({ ...clientOptions(emulator), maxAttempts: 1 });
    const sessions = await Promise.all(Array.from({ length: 6 }, () => openScriptSession({ sandbox })));
    const results = await Promise.all(sessions.map((session) => session.run("print(1)").result));
    expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 6 }, () => "1\n"));
    await sandbox.close();
  });

  test("20 gathered calls cost two invocations", async () => {
    const sandbox = agentcore(clientOptions(emulator));
    const session = await openScriptSession({ sandbox, tools: [echo] });
    emulator.clearRequests();
    await session.run("import asyncio\nprint(sum(await asyncio.gather(*[echo(value=i) for i in range(20)])))")
      .result;
    expect(emulator.counts.invoke).toBe(2);
    await sandbox.close();
  });

  test("the kernel's own side is as it was, during a wave and after it", async () => {
    const gate = createGate();
    const session = await bench.open({ tools: [gate.tool] });
    const client = createAgentCoreClient(resolveAgentCoreOptions(clientOptions(emulator)));
    const options = { signal: new AbortController().signal, timeoutMs: TIMEOUT_MS };
    const look = async (code: string): Promise<string> =>
      (await client.execute(session.id, code, options)).stdout.join("");
    const code = `import asyncio, sys, time
async def two(): return 2
print(type(sys.stdout).__name__, type(get_ipython()).__name__, __name__, sys.modules["__main__"].__dict__ is globals())
print(asyncio.run.__module__, time.sleep.__class__.__name__, await two(), asyncio.get_running_loop().is_running())
6 * 7`;
    const before = await look(code);
    expect(before).toBe(
      "OutStream ZMQInteractiveShell __main__ True\nasyncio.runners builtin_function_or_method 2 True\n42\n",
    );
    const run = session.run(
      "import sys\nsys.stdout.write('mine\\n')\nprint(await wait(value=1))\nprint(__name__)",
    );
    for await (const event of run) {
      if (event.type !== "blocked") continue;
      expect(await look(code)).toBe(before);
      gate.open();
    }
    expect((await run.result).stdout).toBe("mine\n1\n__main__\n");
    expect(await look(code)).toBe(before);
    client.destroy();
  });
});
