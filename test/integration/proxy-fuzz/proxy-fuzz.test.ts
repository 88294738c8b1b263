/**
 * Thousands of broken requests against one server: none is a fault of ours, none hangs, none leaves a container that
 * nobody knows of, and conversations that were paused before can still go on afterwards.
 */
import { afterAll, expect, test } from "vitest";
import { loopbackAccess } from "../../../src/proxy/http/access.ts";
import type { ModelRequest } from "../../../src/model/model.ts";
import { createProxy, type Proxy } from "../../../src/proxy/create-proxy.ts";
import { scripted } from "../../../src/model/scripted/scripted.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import {
  answer,
  ask,
  type Body,
  closeSharedSandbox,
  CODE,
  directTool,
  runs,
  type SceneBody,
  scriptTool,
  sharedSandbox,
} from "../../fixtures/proxy-scene.ts";
import { createRandom, mutateBody, mutateText, pick } from "./mutate.ts";

const BODIES = 5_500;
const SEED = 4;
/** Longest time for one request, in milliseconds: far beyond what any of them needs. */
const HANG_MS = 30_000;
const CONVERSATIONS = 4;
const CONTAINERS = "toolscript_proxy_containers";

afterAll(closeSharedSandbox);

/** A script that never ends: each answer brings the next call. */
const ENDLESS = 'while True:\n    await get({"n": 1})';

/** Writes the endless script where the first message asks for it, and says a word everywhere else. */
function play({ messages, tools }: ModelRequest) {
  const isAsked = JSON.stringify(messages).includes("endless") && messages.length === 1;
  const hasCode = tools?.some(({ name }) => name === "code_execution") === true;
  return isAsked && hasCode ? runs(ENDLESS) : { content: "Done" };
}

/** A sandbox that counts what is open. */
function countingSandbox(inner: Sandbox): Sandbox & { readonly open: Sandbox["open"]; count(): number } {
  const open = new Set<string>();
  return {
    name: inner.name,
    async open(options) {
      const session = await inner.open(options);
      open.add(session.id);
      return {
        ...session,
        async close() {
          await session.close();
          open.delete(session.id);
        },
      };
    },
    close: () => inner.close(),
    count: () => open.size,
  };
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly requestId: string | null;
}

async function post(proxy: Proxy, body: string, headers: Readonly<Record<string, string>>): Promise<Reply> {
  const request = new Request("http://localhost/v1/messages", { method: "POST", body, headers });
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`No answer to ${body.slice(0, 2000)}`)), HANG_MS);
  try {
    const response = await Promise.race([proxy.fetch(request), promise]);
    const text = await Promise.race([response.text(), promise]);
    return { status: response.status, text, requestId: response.headers.get("request-id") };
  } finally {
    clearTimeout(timer);
  }
}

const HEADERS = { "anthropic-version": "2023-06-01", "content-type": "application/json" };

/** A conversation whose script waits for its client. */
async function pause(proxy: Proxy): Promise<Body> {
  const first = ask([CODE, scriptTool("get")], { messages: [{ role: "user", content: "endless" }] });
  const { status, text } = await post(proxy, JSON.stringify(first), HEADERS);
  expect(status).toBe(200);
  const body = JSON.parse(text) as SceneBody;
  return answer(first, { content: body.content, body });
}

/** Longest history that is worth changing. */
const MAX_MESSAGES = 9;

/** The next request of a conversation that went on; undefined when that cannot be told from the reply. */
function goOn(sent: string, reply: string): Body | undefined {
  if (!reply.startsWith("{")) return undefined;
  const [before, body] = [JSON.parse(sent) as Body, JSON.parse(reply) as SceneBody];
  const isPaused = body.stop_reason === "tool_use" && body.content.every(({ type }) => type === "tool_use");
  return isPaused && before.messages.length < MAX_MESSAGES
    ? answer(before, { content: body.content, body })
    : undefined;
}

const PLAIN: readonly Body[] = [
  { model: "claude-sonnet-5", max_tokens: 10, messages: [{ role: "user", content: "Hello" }] },
  ask([directTool("look")], { tool_choice: { type: "auto" }, system: [{ type: "text", text: "Be brief" }] }),
  ask([CODE, scriptTool("get", { input_examples: [{ n: 1 }] }), directTool("look")]),
  ask([CODE], { container: null, stop_sequences: ["x"], temperature: 0.5, metadata: { user_id: "u" } }),
];

/** Containers that responses have named. */
function namedContainers(text: string): string[] {
  return [...text.matchAll(/"container":\{"id":"(container_\w+)"/g)].map(([, id = ""]) => id);
}

function isErrorBody(text: string): boolean {
  const {
    type,
    error,
    request_id: id,
  } = JSON.parse(text) as Record<string, unknown> & { error?: { type?: unknown; message?: unknown } };
  return (
    type === "error" &&
    typeof error?.type === "string" &&
    typeof error.message === "string" &&
    typeof id === "string"
  );
}

async function readGauge(proxy: Proxy, name: string): Promise<number> {
  const response = await proxy.fetch(new Request("http://localhost/metrics"));
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(await response.text())?.[1]);
}

test(
  "createProxy() never fails, hangs or leaks when requests are broken in thousands of ways",
  { timeout: 300_000 },
  async () => {
    const faults: string[] = [];
    const sandbox = countingSandbox(sharedSandbox());
    const proxy = createProxy({
      model: () => scripted(play),
      sandbox,
      access: loopbackAccess(),
      log: ({ level, reason }) => void (level === "error" && faults.push(String(reason))),
    });
    const random = createRandom(SEED);
    const known = new Set<string>();
    const paused = await Promise.all(Array.from({ length: CONVERSATIONS }, () => pause(proxy)));
    for (const { container } of paused) known.add(String(container));
    const statuses = new Map<number, number>();
    let unknown = 0;

    for (let sent = 0; sent < BODIES; sent += 1) {
      const at = Math.floor(random() * CONVERSATIONS);
      const isContinuation = random() < 0.5;
      const base = isContinuation ? (paused[at] as Body) : pick(PLAIN, random);
      const body =
        random() < 0.9 ? JSON.stringify(mutateBody(base, random)) : mutateText(JSON.stringify(base), random);
      const reply = await post(proxy, body, HEADERS);
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      const where = `request ${sent}, status ${reply.status}: ${body.slice(0, 1500)} → ${reply.text.slice(0, 500)}`;
      if (reply.status >= 500 || reply.requestId?.startsWith("req_") !== true) throw new Error(where);
      if (reply.status !== 200 && !isErrorBody(reply.text)) throw new Error(where);
      for (const id of namedContainers(reply.text)) known.add(id);
      // A change that left the request in order was taken, and the conversation has gone on.
      if (reply.status === 200 && isContinuation) {
        const next = goOn(body, reply.text) ?? (await pause(proxy));
        paused[at] = next;
        known.add(String(next["container"]));
      }
      unknown = Math.max(unknown, sent % 500 === 499 ? (await readGauge(proxy, CONTAINERS)) - known.size : 0);
    }

    expect(faults).toEqual([]);
    expect(unknown).toBe(0);
    expect(await readGauge(proxy, "toolscript_proxy_requests_in_flight")).toBe(0);
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400]));
    for (const body of paused) expect((await post(proxy, JSON.stringify(body), HEADERS)).status).toBe(200);
    await proxy.close({ deadlineMs: 0 });
    expect(sandbox.count()).toBe(0);
    process.stdout.write(
      `statuses ${JSON.stringify(Object.fromEntries(statuses))}, containers ${known.size}\n`,
    );
  },
);
