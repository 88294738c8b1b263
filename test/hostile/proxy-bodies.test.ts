/**
 * One request, whatever its body and whatever stands behind the proxy: no turn of the loop is long, and what it takes in
 * memory is three times the largest body at most.
 */
import { describe, expect, test } from "vitest";
import { DEFAULT_MAX_BODY_BYTES } from "../../src/proxy/http/read-body.ts";
import type { Behind } from "./cases/proxy-bodies.ts";
import { BODIES } from "./proxy/bodies.ts";
import type { Answered } from "./proxy/client.ts";
import { expectBounded, runCase } from "./run-case.ts";

const MESSAGES = "/v1/messages";
const COUNT = "/v1/messages/count_tokens";

async function expectHarmless(name: string, behind: Behind, path: string): Promise<void> {
  const report = await runCase("proxy-bodies.ts", "body", { argument: { name, behind, path } });
  const { status, messageCharacters } = report.value as Answered;
  if (process.env["SHOW"]) process.stdout.write(`${name} | ${behind} ${path} | ${status} ${JSON.stringify(report.value).slice(0,200)} | ${JSON.stringify(report.cost)}\n`);
  expect(status).toBeLessThan(500);
  expect(messageCharacters).toBeLessThanOrEqual(1024);
  expectBounded(report, 3 * DEFAULT_MAX_BODY_BYTES);
}

describe("a body", () => {
  test.each(Object.keys(BODIES))("%s", (name) => expectHarmless(name, "nothing", MESSAGES));
});

describe("a large body that is sent on", () => {
  const names = Object.keys(BODIES);
  const ways: [Behind, string][] = [["invoke", MESSAGES],["converse", MESSAGES],["anthropic", MESSAGES],["forward", MESSAGES],["invoke", COUNT],["converse", COUNT],["anthropic", COUNT]];
  test.each(ways.flatMap(([behind, path]) => names.map((name) => [name, behind, path] as const)))(
    "%s, by %s%s", (name, behind, path) => expectHarmless(name, behind, path));
});
