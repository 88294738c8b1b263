/**
 * Pages of browsers, near-miss paths and clients of other wires, over the whole server.
 */
import { afterAll, describe, expect, test } from "vitest";
import { ask, closeSharedSandbox, createScene } from "../../../test/fixtures/proxy-scene.ts";
import type { BrowserAccess } from "./cors.ts";

afterAll(closeSharedSandbox);

const OPT_IN = "anthropic-dangerous-direct-browser-access";
const PREFLIGHT = {
  "access-control-request-method": "POST",
  "access-control-request-headers": `${OPT_IN},content-type,X-Api-Key`,
};

function send(
  path: string,
  init: RequestInit,
  browserAccess: BrowserAccess = "opt-in",
): Response | Promise<Response> {
  const { proxy } = createScene([{ content: "ok" }], { browserAccess });
  return proxy.fetch(new Request(`http://localhost${path}`, init));
}

function post(headers: Record<string, string>, browserAccess?: BrowserAccess): Response | Promise<Response> {
  const all = { "anthropic-version": "2023-06-01", "content-type": "application/json", ...headers };
  return send("/v1/messages", { method: "POST", headers: all, body: JSON.stringify(ask()) }, browserAccess);
}

describe("a page in a browser [proxy.browser]", () => {
  test("is told in advance that it may ask, when it opts in as on the Claude API", async () => {
    const headers = { origin: "http://localhost:3000", ...PREFLIGHT };
    const response = await send("/v1/messages", { method: "OPTIONS", headers });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "http://localhost:3000",
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": `${OPT_IN}, content-type, x-api-key`,
    });
    expect(response.headers.has("access-control-allow-credentials")).toBe(false);
  });

  test("may read the answer then, and errors as well", async () => {
    const page = { origin: "http://localhost:3000", [OPT_IN]: "true" };
    const response = await post(page);
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([
      200,
      page.origin,
    ]);
    expect(response.headers.get("access-control-expose-headers")).toContain("request-id");
    const failed = await send("/v1/messages", { method: "POST", headers: page, body: "{" });
    expect([failed.status, failed.headers.get("access-control-allow-origin")]).toEqual([400, page.origin]);
  });

  test.each<[string, Record<string, string>, BrowserAccess]>([
    ["it does not opt in", { origin: "http://localhost:3000" }, "opt-in"],
    [
      "it is another site's, and there are no keys",
      { origin: "https://evil.example", [OPT_IN]: "true" },
      "opt-in",
    ],
    ["the option is off", { origin: "http://localhost:3000", [OPT_IN]: "true" }, "off"],
    ["it is no page", { [OPT_IN]: "true" }, "opt-in"],
  ])("gets no permission to read when %s", async (_why, headers, browserAccess) => {
    const response = await post(headers, browserAccess);
    expect(response.headers.has("access-control-allow-origin")).toBe(false);
    const preflight = { method: "OPTIONS", headers: { ...PREFLIGHT, ...headers } };
    const { status } = await send("/v1/messages", preflight, browserAccess);
    const isAnswered = browserAccess === "opt-in" && headers["origin"] === "http://localhost:3000";
    expect(status).toBe(isAnswered ? 204 : headers["origin"]?.includes("evil") === true ? 403 : 405);
  });
});

describe("a path that is no route [proxy.near-paths]", () => {
  test.each([
    ["/messages", '"/v1/messages"'],
    ["/v1/messages/", '"/v1/messages"'],
    ["/v1/v1/messages", '"/v1/messages"'],
    ["/anthropic/v1/messages", '"/v1/messages"'],
    ["/v1/Messages/count_tokens", '"/v1/messages/count_tokens"'],
    ["/models", '"/v1/models"'],
    ["/v1/complete", '"/v1/messages"'],
    ["/v1/chat/completions", "clients of the OpenAI API"],
    ["/v1/responses", "clients of the OpenAI API"],
  ])("%s says what was probably meant", async (path, says) => {
    const response = await send(path, { method: "POST" });
    const body = (await response.json()) as { error: { type: string; message: string } };
    expect([response.status, body.error.type]).toEqual([404, "not_found_error"]);
    expect(body.error.message).toContain(says);
  });

  test("/v1/nothing says no more than that", async () => {
    const response = await send("/v1/nothing", {});
    expect(await response.json()).toMatchObject({ error: { message: 'Not found: "/v1/nothing"' } });
  });

  test.each(["/model/anthropic.claude-opus-5/invoke", "/model/x/converse", "/inference-profiles"])(
    "%s answers a client of Bedrock in its own shape",
    async (path) => {
      const response = await send(path, { method: "POST" });
      expect([response.status, response.headers.get("x-amzn-errortype")]).toEqual([
        404,
        "ResourceNotFoundException",
      ]);
      expect(((await response.json()) as { message: string }).message).toContain("not Bedrock");
    },
  );
});
