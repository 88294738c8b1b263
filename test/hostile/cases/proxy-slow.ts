/** Hundreds of clients that do not end their requests, or take no answers, while others ask small things. */
import { createProxy } from "../../../src/proxy/create-proxy.ts";
import type { CaseContext } from "../child.ts";
import { createAnsweringModel } from "../proxy/answering-model.ts";
import { idleSandbox } from "../proxy/idle-sandbox.ts";
import { startThread } from "../thread.ts";

/** What came of them. */
export interface SlowReport {
  /** Statuses of whoever asked small things meanwhile. */
  readonly neighbour: Readonly<Record<string, number>>;
  /** Requests that were cut off because nobody took their answer. */
  readonly stalled: number;
  /** Statuses of requests with 500, and with 20,000 headers. */
  readonly manyHeaders: readonly number[];
}

const CLIENT = new URL("../proxy/client.ts", import.meta.url);
const SLOW = new URL("../proxy/slow-clients.ts", import.meta.url);
const CLIENTS = 300;
const UNREAD_CLIENTS = 16;
const MIB = 1024 * 1024;

/** Opens them. */
export async function slow(context: CaseContext, name: unknown): Promise<SlowReport> {
  const large = createAnsweringModel([{ type: "text", text: "x".repeat(8 * MIB) }]);
  const isUnread = name === "a request whose answer nobody reads";
  const model = isUnread ? large : createAnsweringModel();
  const stalled = { count: 0 };
  const proxy = createProxy({
    model: () => model,
    sandbox: idleSandbox,
    stallMs: 1_000,
    maxUnreadBytes: 64 * MIB,
    log: ({ reason }) => void (/stopped reading/.test(String(reason)) && (stalled.count += 1)),
  });
  const { url, port } = await proxy.listen();
  const [neighbour, clients] = [startThread(CLIENT), startThread(SLOW)];
  await context.measure();
  await clients.call("openMany", { port, name, count: isUnread ? UNREAD_CLIENTS : CLIENTS });
  await neighbour.call("keepAsking", isUnread ? `${url}/v1/nothing` : `${url}/v1/messages`);
  const manyHeaders = [];
  for (const count of [500, 20_000]) {
    manyHeaders.push(await clients.call<number>("sendHeaders", { port, count }));
  }
  const toStall = isUnread ? UNREAD_CLIENTS : 0;
  while (stalled.count < toStall) await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const asked = await neighbour.call<Readonly<Record<string, number>>>("stopAsking");
  await clients.call("closeAll");
  await Promise.all([neighbour.stop(), clients.stop()]);
  await proxy.close({ deadlineMs: 0 });
  return { neighbour: asked, stalled: stalled.count, manyHeaders };
}
