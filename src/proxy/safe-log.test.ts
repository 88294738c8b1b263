/**
 * What others send, as far as it comes out again: in the log, and in the words of errors.
 */
import { afterAll, describe, expect, test } from "vitest";
import {
  ask,
  type Body,
  closeSharedSandbox,
  CODE,
  createScene,
  runs,
} from "../../test/fixtures/proxy-scene.ts";
import { createApiKey, hashApiKey } from "./access/api-key.ts";
import { createKeyAccess } from "./access/key-access.ts";
import type { LogEntry } from "./proxy-options.ts";

afterAll(closeSharedSandbox);

const KEY = createApiKey();
/** A key as a secret manager may have made it: nothing tells that it is one. */
const OWN_KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQc/dQgAE";
const access = createKeyAccess(
  [KEY, OWN_KEY].map((key, at) => ({ name: `k${at}`, sha256: hashApiKey(key) })),
);
const LONG = "\u20ac".repeat(2_000_000);

function openScene(options: { logBodies?: boolean } = {}) {
  const log: LogEntry[] = [];
  const scene = createScene([{ content: "ok" }], { access, log: (entry) => log.push(entry), ...options });
  const send = async (body: unknown, path = "/v1/messages") => {
    const request = new Request(`http://proxy${path}`, {
      method: "POST",
      headers: { "x-api-key": KEY, "anthropic-version": "2023-06-01" },
      body: JSON.stringify(body),
    });
    return await (await scene.proxy.fetch(request)).text();
  };
  return { log, send };
}

/** The longest text in an entry, in bytes. */
function longestOf(entry: object): number {
  const texts = Object.values(entry).filter((value) => typeof value === "string");
  return Math.max(...texts.map((text) => Buffer.byteLength(text)));
}

function history(blocks: readonly object[]): Body {
  return ask([CODE], { messages: [{ role: "assistant", content: blocks }] });
}

describe("a long text of a client", () => {
  test.each<[string, unknown, string?]>([
    ["a name of a model", { ...ask([]), model: LONG }],
    ["a path", ask([]), `/v1/${encodeURIComponent(LONG.slice(0, 20_000))}`],
    ["an id of a container", ask([CODE], { container: LONG })],
    ["a type of a tool", ask([{ type: `web_search${LONG}`, name: "a" }])],
    ["names of tools", ask([1, 2].map(() => ({ type: "other", name: LONG })))],
    [
      "a reference",
      ask([], {
        messages: [
          {
            role: "user",
            content: [
              {
                type: "tool_result",
                tool_use_id: "a",
                content: [{ type: "tool_reference", tool_name: LONG }],
              },
            ],
          },
        ],
      }),
    ],
    [
      "an id of a script",
      history([{ type: "server_tool_use", id: LONG, name: "code_execution", input: {} }]),
    ],
    [
      "an id of a result",
      history([
        {
          type: "code_execution_tool_result",
          tool_use_id: LONG,
          content: { type: "encrypted_code_execution_result" },
        },
      ]),
    ],
    [
      "an id of a call",
      history([
        {
          type: "tool_use",
          id: LONG,
          name: "a",
          input: {},
          caller: { type: "code_execution_20260120", tool_id: LONG },
        },
      ]),
    ],
    [
      "ids of calls",
      history(
        Array.from({ length: 3_000 }, (_, at) => ({
          type: "tool_use",
          id: `${at}`.repeat(100),
          name: "a",
          input: {},
        })),
      ),
    ],
    [
      "a reference in a schema",
      ask([
        CODE,
        {
          name: "a",
          allowed_callers: ["code_execution_20260120"],
          input_schema: { type: "object", $defs: { x: { $ref: `#/${"y".repeat(3000)}` } } },
        },
      ]),
    ],
  ])("comes out cut: %s", async (_title, body, path) => {
    const { log, send } = openScene();
    const answer = await send(body, path);
    const { error } = JSON.parse(answer) as { error?: { message: string } };
    expect(Buffer.byteLength(error?.message ?? "")).toBeLessThanOrEqual(1024);
    expect(log).toHaveLength(1);
    expect(longestOf(log[0] ?? {})).toBeLessThanOrEqual(1024);
  });

  test("of a model that fails comes out cut", async () => {
    const log: LogEntry[] = [];
    const scene = createScene(
      () => {
        throw new Error(LONG);
      },
      { log: (entry) => log.push(entry) },
    );
    const { status, body } = await scene.post(ask([]));
    expect([status, body.error.message]).toEqual([500, "Internal server error"]);
    expect(Buffer.byteLength(String(log[0]?.["reason"]))).toBeLessThanOrEqual(5 * 1024);
  });

  test("of a script that is named by a model comes out cut", async () => {
    const log: LogEntry[] = [];
    const scene = createScene([runs("print(1)"), { content: "ok" }], {
      log: (entry) => log.push(entry),
      sandbox: {
        name: "failing",
        open: () => Promise.reject(new Error(LONG)),
        close: () => Promise.resolve(),
      },
    });
    expect((await scene.post(ask())).status).toBe(200);
    expect(log.map(({ event }) => event)).toEqual(["failure", "request"]);
    for (const entry of log) expect(longestOf(entry)).toBeLessThanOrEqual(5 * 1024);
  });
});

describe("a key that stands where none belongs", () => {
  test.each<[string, string, unknown, string?]>([
    ["in the path", KEY, ask([]), `/v1/${KEY}`],
    ["in the path, in percent signs", KEY, ask([]), `/v1/%74${KEY.slice(1)}`],
    ["in the path, of another form", OWN_KEY, ask([]), `/v1/${encodeURIComponent(OWN_KEY)}`],
    ["as the name of a model", KEY, { ...ask([]), model: KEY }],
    ["as the name of a model, of another form", OWN_KEY, { ...ask([]), model: OWN_KEY }],
    ["as a container", KEY, ask([CODE], { container: KEY })],
  ])("is not in the log: %s", async (_title, key, body, path) => {
    const { log, send } = openScene();
    const answer = await send(body, path);
    const written = decodeURIComponent(JSON.stringify(log));
    expect(log).toHaveLength(1);
    expect(written).not.toContain(key);
    if (key === KEY) expect(answer).not.toContain(KEY);
  });
});

describe("bodies that are to be logged", () => {
  test("are, as long as they fit into a line", async () => {
    const { log, send } = openScene({ logBodies: true });
    await send(ask([]));
    await send(ask([], { system: LONG }));
    await send(ask([], { stream: true }));
    expect(log.map(({ requestBody, responseBody }) => [typeof requestBody, typeof responseBody])).toEqual([
      ["object", "object"],
      ["string", "object"],
      ["object", "object"],
    ]);
    expect(log[1]?.["requestBody"]).toBe("(larger than 262144 characters)");
  });
});
