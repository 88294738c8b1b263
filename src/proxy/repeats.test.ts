/**
 * The same request again: the same response, whether it was lost, is still being made, or its client left while the
 * script computes; nothing is done twice.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  answer,
  ask,
  type Body,
  closeSharedSandbox,
  createScene,
  followUp,
  readSse,
  runs,
  type Scene,
  withText,
} from "../../test/fixtures/proxy-scene.ts";
import type { ProxyOptions } from "./proxy-options.ts";

afterAll(closeSharedSandbox);

/** A busy machine takes its time. */
const PATIENT = { timeout: 20_000 };
const RETRY = { "x-stainless-retry-count": "1" };
const SHORT = sleeping(40);
const LONG = sleeping(4_000);

/** A script that computes after its call, where an interrupt finds it. */
function sleeping(times: number): string {
  return `print(await get({"n": 1}))\nimport time\nfor _ in range(${times}): time.sleep(0.025)\nprint("slept")`;
}

interface Paused {
  readonly scene: Scene;
  /** The request that goes on. */
  readonly next: Body;
  /** Scripts that run now. */
  readonly running: () => number;
}

/** A conversation that waits for a call of its first script. */
async function paused(code: string, options: Partial<ProxyOptions> = {}): Promise<Paused> {
  let running = 0;
  const enter = async (): Promise<() => void> => {
    running += 1;
    return () => (running -= 1);
  };
  const scene = createScene([runs(code), { content: "done" }], { gate: { enter }, ...options });
  const next = answer(ask(), await scene.post(ask()));
  return { scene, next, running: () => running };
}

/** Sends the request that goes on; its client leaves while the script computes. */
async function leave({ scene, next, running }: Paused): Promise<void> {
  const controller = new AbortController();
  const left = scene.send(next, { signal: controller.signal });
  await expect.poll(running, PATIENT).toBe(1);
  controller.abort();
  expect((await left).status).toBe(499);
}

describe("the same continuation again [proxy.repeats]", () => {
  test("is answered with the same bytes, and nothing is sampled or run again", async () => {
    const { scene, next } = await paused('print(await get({"n": 1}))\nprint(await get({"n": 2}))');
    const post = async (body: Body): Promise<string> => await (await scene.send(body)).text();
    const second = await scene.post(next);
    expect(await post(next)).toBe(JSON.stringify(second.body));
    const last = answer(next, second);
    const done = await scene.post(last);
    expect(await post(last)).toBe(JSON.stringify(done.body));
    expect(done.content[0]?.content.stdout).toBe("1\n2\n");
    expect(scene.requests).toHaveLength(2);
  });

  test("is the same stream, and the same message without a stream", async () => {
    const { scene, next } = await paused('print(await get({"n": 1}))');
    const stream = async (): Promise<string> => await (await scene.send({ ...next, stream: true })).text();
    const first = await stream();
    expect(await stream()).toBe(first);
    expect(readSse(first).at(-1)?.type).toBe("message_stop");
    const whole = await scene.post(next);
    expect(whole.content.at(-1)).toMatchObject({ type: "text", text: "done" });
    expect(scene.requests).toHaveLength(2);
  });

  test("joins the one that still runs", async () => {
    const held = Promise.withResolvers<void>();
    const scene = createScene(async (_request, turn) => {
      if (turn === 0) return runs('print(await get({"n": 1}))');
      await held.promise;
      return { content: "done" };
    });
    const next = answer(ask(), await scene.post(ask()));
    const first = scene.post(next);
    const [second, third] = [scene.post(next), scene.stream(next)];
    await expect.poll(() => scene.requests.length, PATIENT).toBe(2);
    held.resolve();
    expect((await first).status).toBe(200);
    expect((await second).body).toEqual((await first).body);
    expect((await third).at(-1)?.type).toBe("message_stop");
    expect(scene.requests).toHaveLength(2);
  });

  test("finds the script finished that computed when its client left, its call made once", async () => {
    const conversation = await paused(SHORT);
    await leave(conversation);
    const again = await conversation.scene.post(conversation.next);
    expect(again.content[0]?.content).toMatchObject({ stdout: "1\nslept\n", stderr: "", return_code: 0 });
    expect(again.body.stop_reason).toBe("end_turn");
    expect(conversation.scene.requests).toHaveLength(2);
  });

  test("finds the response when the client comes back after the turn has ended", async () => {
    const conversation = await paused(SHORT);
    await leave(conversation);
    await expect.poll(() => conversation.scene.requests.length, PATIENT).toBe(2);
    const again = await conversation.scene.post(conversation.next);
    expect(again.content[0]?.content.stdout).toBe("1\nslept\n");
    expect(conversation.scene.requests).toHaveLength(2);
  });

  test("finds its script interrupted after the grace time", async () => {
    const conversation = await paused(LONG, { graceMs: 1 });
    await leave(conversation);
    await expect.poll(conversation.running, PATIENT).toBe(0);
    const again = await conversation.scene.post(conversation.next);
    expect(again.content[0]?.content).toMatchObject({ stderr: withText("KeyboardInterrupt") });
    expect(again.body.stop_reason).toBe("end_turn");
  });

  test("is a new try after an error of the model", async () => {
    let isAway = true;
    const scene = createScene((_request, turn) => {
      if (turn === 0) return runs('print(await get({"n": 1}))');
      if (isAway) throw new Error("the upstream is away");
      return { content: "done" };
    });
    const next = answer(ask(), await scene.post(ask()));
    expect((await scene.post(next)).status).toBeGreaterThanOrEqual(500);
    isAway = false;
    const again = await scene.post(next);
    expect(again.content.map(({ type }) => type)).toEqual(["code_execution_tool_result", "text"]);
    expect(again.content[0]?.content.stdout).toBe("1\n");
  });
});

describe("another request", () => {
  test("ends a turn that was left", async () => {
    const conversation = await paused(LONG);
    await leave(conversation);
    const other = await conversation.scene.post({ ...conversation.next, max_tokens: 999 });
    expect(other.content[0]?.content.stderr).toContain("KeyboardInterrupt");
    expect(conversation.running()).toBe(0);
  });

  test("without results is a repeat when its SDK says so", async () => {
    const scene = createScene(({ messages }) => {
      const isAsked = !JSON.stringify(messages.at(-1)).includes("tool_result");
      return isAsked ? runs("x = globals().get('x', 0) + 1\nprint(x)") : { content: "ok" };
    });
    const again = followUp(ask(), await scene.post(ask()), "once more");
    const second = await scene.post(again);
    expect((await scene.post(again, RETRY)).body).toEqual(second.body);
    const { requests } = scene;
    const sampled = requests.length;
    await scene.post(again);
    expect(requests.length).toBeGreaterThan(sampled);
  });
});

test("a proxy that closes ends the turns that were left when its deadline comes", async () => {
  const conversation = await paused(LONG);
  await leave(conversation);
  await conversation.scene.proxy.close({ deadlineMs: 20 });
  expect(conversation.running()).toBe(0);
});
