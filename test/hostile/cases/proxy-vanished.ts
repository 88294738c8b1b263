/** Clients that start a script, take its first calls, and go, while others ask small things. */
import { createProxy } from "../../../src/proxy/create-proxy.ts";
import { scripted } from "../../../src/model/scripted/scripted.ts";
import { createProcessSandbox } from "../../fixtures/process-sandbox.ts";
import type { CaseContext } from "../child.ts";
import type { Answered } from "../proxy/client.ts";
import { startThread } from "../thread.ts";

/** What came of a script whose client has gone. */
export interface Vanished {
  readonly status: number;
  /** Statuses of whoever asked small things meanwhile. */
  readonly neighbour: Readonly<Record<string, number>>;
  /** Interpreters and containers that are left. */
  readonly left: readonly number[];
}

const CLIENT = new URL("../proxy/client.ts", import.meta.url);

/** Milliseconds after which nothing of the script may be left: its budgets, and the idle time of its container. */
const GONE_AFTER_MS = 3_000;
const LIMITS = { runningMs: 500, callMs: 1_000, totalMs: 2_000, idleRunningMs: 300, interruptGraceMs: 200 };

/** Starts the script, goes, and waits until nothing is left of it. */
export async function vanished(context: CaseContext, code: unknown): Promise<Vanished> {
  const sandbox = createProcessSandbox();
  const model = scripted(({ tools }) => {
    if (tools === undefined) return { content: "Done" };
    return { content: [{ type: "tool_use", name: "code_execution", input: { code: String(code) } }] };
  });
  const proxy = createProxy({
    model: () => model,
    sandbox,
    limits: LIMITS,
    containerIdleMs: GONE_AFTER_MS - 500,
  });
  const { url } = await proxy.listen();
  const messages = `${url}/v1/messages`;
  const [client, neighbour] = [startThread(CLIENT), startThread(CLIENT)];
  for (const name of ["small", "small", "warm up"]) {
    await client.call("prepareNamed", name);
    await client.call("send", messages);
  }
  await neighbour.call("keepAsking", messages);
  await client.call("prepareNamed", "a script");
  await context.measure();
  const { status } = await client.call<Answered>("send", messages);
  await client.stop();
  const left = await waitUntilGone(async () => await readGauges(proxy));
  const asked = await neighbour.call<Readonly<Record<string, number>>>("stopAsking");
  await neighbour.stop();
  await proxy.close({ deadlineMs: 0 });
  await sandbox.close();
  return { status, neighbour: asked, left };
}

/** Looks until all are 0, or the time is over by far. */
async function waitUntilGone(look: () => Promise<readonly number[]>): Promise<readonly number[]> {
  const until = performance.now() + 4 * GONE_AFTER_MS;
  for (;;) {
    const left = await look();
    if (left.every((count) => count === 0) || performance.now() > until) return left;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function readGauges({ fetch }: ReturnType<typeof createProxy>): Promise<readonly number[]> {
  const text = await (await fetch(new Request("http://localhost/metrics"))).text();
  return ["interpreters", "containers"].map((name) =>
    Number(new RegExp(`^toolscript_proxy_${name} (\\d+)$`, "m").exec(text)?.[1]),
  );
}
