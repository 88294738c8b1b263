/** Messages of the system in the middle of a conversation, with code execution and without. */
import { afterAll, expect, test } from "vitest";
import {
  answer,
  ask,
  type Body,
  closeSharedSandbox,
  createScene,
  followUp,
  runs,
} from "../../test/fixtures/proxy-scene.ts";

afterAll(closeSharedSandbox);

const NOTE = { role: "system", content: "Be brief." };

function withNote(body: Body, at = body.messages.length): Body {
  return { ...body, messages: body.messages.toSpliced(at, 0, NOTE) };
}

/** What the model was sent, without ids. */
function rolesOf(messages: readonly { readonly role: string; readonly content: unknown }[]): string[] {
  return messages.map(({ role, content }) => {
    const types = Array.isArray(content) ? (content as { type: string }[]).map(({ type }) => type) : ["text"];
    return `${role}: ${types.join(", ")}`;
  });
}

test("without code execution they are passed on as they stand [proxy.system-messages]", async () => {
  const scene = createScene([{ content: "ok" }]);
  const body = withNote(ask([]));
  expect((await scene.post(body)).status).toBe(200);
  expect(scene.requests[0]?.messages).toEqual(body.messages);
});

test.each([
  ["after the results", (body: Body) => withNote(body)],
  ["between a script's calls and their results", (body: Body) => withNote(body, body.messages.length - 1)],
])(
  "%s of a script one comes after what the script printed, in every later request",
  async (_place, place) => {
    const scene = createScene([
      runs('print(await get({"n": 1}))'),
      { content: "first" },
      { content: "second" },
    ]);
    const next = place(answer(ask(), await scene.post(ask())));
    const second = await scene.post(next);
    expect(second.content.at(-1)).toMatchObject({ text: "first" });
    const sampled = scene.requests.at(-1)?.messages ?? [];
    expect(rolesOf(sampled)).toEqual([
      "user: text",
      "assistant: tool_use",
      "user: tool_result",
      "system: text",
    ]);
    expect((await scene.post(followUp(next, second, "more"))).status).toBe(200);
    expect(scene.requests.at(-1)?.messages.slice(0, sampled.length)).toEqual(sampled);
  },
);

test("after an assistant's turn one waits for the user's", async () => {
  const scene = createScene([{ content: "first" }, { content: "second" }]);
  const body = followUp(ask(), await scene.post(ask()), "more");
  expect((await scene.post(withNote(body, 2))).status).toBe(200);
  expect(rolesOf(scene.requests.at(-1)?.messages ?? [])).toEqual([
    "user: text",
    "assistant: text",
    "user: text",
    "system: text",
  ]);
});
