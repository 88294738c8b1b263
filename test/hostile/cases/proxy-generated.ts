/** Requests by a seed, some sent as one should and some not, while somebody else asks small things. */
import { createProxy } from "../../../src/proxy/create-proxy.ts";
import type { CaseContext } from "../child.ts";
import { createAnsweringModel } from "../proxy/answering-model.ts";
import type { Answered } from "../proxy/client.ts";
import { idleSandbox } from "../proxy/idle-sandbox.ts";
import { createRandom } from "../random.ts";
import { startThread } from "../thread.ts";

/** The first seed, and how many requests or how many seconds of them. */
export interface GeneratedRequests {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
}

/** What came of them. */
export interface GeneratedAnswers {
  readonly requests: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly longestMessage: number;
  /** Faults of the server's own, from its log. */
  readonly faults: readonly string[];
  /** Statuses of whoever asked small things meanwhile. */
  readonly neighbour: Readonly<Record<string, number>>;
}

const CLIENT = new URL("../proxy/client.ts", import.meta.url);

/** Sends them. */
export async function generated(context: CaseContext, argument: unknown): Promise<GeneratedAnswers> {
  const { seed, requests, seconds } = argument as GeneratedRequests;
  const faults: string[] = [];
  const model = createAnsweringModel();
  const proxy = createProxy({
    model: () => model,
    sandbox: idleSandbox,
    log: ({ level, reason }) => void (level === "error" && faults.push(String(reason))),
  });
  const url = `${(await proxy.listen()).url}/v1/messages`;
  const [client, neighbour] = [startThread(CLIENT), startThread(CLIENT)];
  for (const name of ["small", "small", "warm up"]) {
    await client.call("prepareNamed", name);
    await client.call("send", url);
  }
  await neighbour.call("keepAsking", url);
  await context.measure();
  const statuses: Record<string, number> = {};
  let longestMessage = 0;
  let count = 0;
  const until = performance.now() + seconds * 1_000;
  for (; count < requests && performance.now() < until; count += 1) {
    await client.call("prepareGenerated", seed + count);
    if (createRandom(seed + count).chance(0.3)) {
      await client.call("misbehave", { url, seed: seed + count });
      continue;
    }
    const { status, messageCharacters } = await client.call<Answered>("send", url);
    statuses[status] = (statuses[status] ?? 0) + 1;
    longestMessage = Math.max(longestMessage, messageCharacters);
  }
  const asked = await neighbour.call<Readonly<Record<string, number>>>("stopAsking");
  await Promise.all([client.stop(), neighbour.stop()]);
  await proxy.close({ deadlineMs: 0 });
  return { requests: count, statuses, longestMessage, faults, neighbour: asked };
}
