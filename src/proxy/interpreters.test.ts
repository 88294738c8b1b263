/**
 * How many interpreters there are, whose they are, and which of them ends when there may be no other.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  answer,
  ask,
  closeSharedSandbox,
  createScene,
  followUp,
  runs,
  type Scene,
  type SceneResponse,
} from "../../test/fixtures/proxy-scene.ts";
import type { Access } from "./http/access.ts";
import { readApiKey } from "./http/access.ts";
import type { ProxyOptions } from "./proxy-options.ts";

afterAll(closeSharedSandbox);

/** Every key is its own owner. */
function byKey(maxContainers?: number): Access {
  const limits = maxContainers === undefined ? {} : { maxContainers };
  return {
    check({ headers }) {
      const key = readApiKey(headers) ?? "none";
      return { ok: true, keyName: key, ownerId: key, limits };
    },
  };
}

/** A model whose scripts count in a variable of their container; "wait" makes them wait for a call. */
function openScene(options: Partial<ProxyOptions>): Scene {
  return createScene((request) => {
    const last = JSON.stringify(request.messages.at(-1));
    if (last.includes("tool_result")) return { content: "ok" };
    const wait = last.includes("wait") ? "\nawait get({})" : "";
    return runs(`x = globals().get("x", 0) + 1\nprint(x)${wait}`);
  }, options);
}

async function start(scene: Scene, key: string, text = "count"): Promise<SceneResponse> {
  const body = ask(undefined, { messages: [{ role: "user", content: text }] });
  return await scene.post(body, { "x-api-key": key });
}

/** Goes on in the container of a response: what the script counts there, or the error. */
async function goOn(scene: Scene, key: string, response: SceneResponse): Promise<string> {
  const { status, body, content } = await scene.post(followUp(ask(), response, "count"), {
    "x-api-key": key,
  });
  return status === 200 ? String(content[1]?.content.stdout) : body.error.message;
}

const EXPIRED = expect.stringContaining("has expired") as string;

describe("interpreters", () => {
  test("of a key that has as many as it may: the one that was idle longest ends", async () => {
    const scene = openScene({ access: byKey(2) });
    const [first, second] = [await start(scene, "a"), await start(scene, "a")];
    expect(await goOn(scene, "a", first)).toBe("2\n");
    const third = await start(scene, "a");
    expect(third.status).toBe(200);
    expect(await goOn(scene, "a", second)).toEqual(EXPIRED);
    expect([await goOn(scene, "a", first), await goOn(scene, "a", third)]).toEqual(["3\n", "2\n"]);
  });

  test("of a key have half of all places, and what it does costs others nothing", async () => {
    const scene = openScene({ access: byKey(), maxInterpreters: 4 });
    const other = await start(scene, "b");
    const own = [];
    for (let at = 0; at < 4; at += 1) own.push(await start(scene, "a"));
    expect(await goOn(scene, "b", other)).toBe("2\n");
    const counted = [];
    for (const response of own.toReversed()) counted.push(await goOn(scene, "a", response));
    expect(counted).toEqual(["2\n", "2\n", EXPIRED, EXPIRED]);
  });

  test("of the key that has most end first for another key", async () => {
    const scene = openScene({ access: byKey(), maxInterpreters: 4 });
    const oldest = await start(scene, "c");
    const [first, second] = [await start(scene, "a"), await start(scene, "a")];
    await start(scene, "b");
    expect((await start(scene, "d")).status).toBe(200);
    expect(await goOn(scene, "a", first)).toEqual(EXPIRED);
    expect([await goOn(scene, "a", second), await goOn(scene, "c", oldest)]).toEqual(["2\n", "2\n"]);
  });

  test("with a script that waits for its client never end for another", async () => {
    const scene = openScene({ access: byKey(), maxInterpreters: 2 });
    const paused = await start(scene, "a", "wait");
    const refused = await start(scene, "a");
    expect(refused.content[1]?.content).toMatchObject({ error_code: "too_many_requests" });
    const next = answer(ask(), paused, () => "1");
    expect((await scene.post(next, { "x-api-key": "a" })).status).toBe(200);
    expect((await start(scene, "a")).content[1]?.content.stdout).toBe("1\n");
  });

  test("are not counted once they have died", async () => {
    const scene = createScene(
      (request) =>
        JSON.stringify(request.messages).includes("die") ? runs("import os; os._exit(1)") : runs("print(1)"),
      { access: byKey(), maxInterpreters: 2 },
    );
    await start(scene, "a", "die");
    await start(scene, "b");
    expect((await start(scene, "c")).content[1]?.content.stdout).toBe("1\n");
  });
});

describe("a script that sleeps", () => {
  test("is interrupted when it asks nobody for too long, and its variables are kept", async () => {
    const scene = createScene(
      (request) =>
        request.messages.length === 1
          ? runs("import asyncio\nx = 5\nawait asyncio.sleep(3600)")
          : runs("print(x)"),
      { hopMs: 200 },
    );
    const { content } = await scene.post(ask());
    expect(content[1]?.content.stderr).toContain("took longer than allowed in all");
    expect(content.at(-1)?.content.stdout).toBe("5\n");
  });

  test("may wait for its client as long as a call may", async () => {
    const scene = createScene([runs("print(await get({}))"), { content: "ok" }], { hopMs: 200 });
    const paused = await scene.post(ask());
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { content } = await scene.post(answer(ask(), paused, () => "late"));
    expect(content[0]?.content.stdout).toBe("late\n");
  });
});
