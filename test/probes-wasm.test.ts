import { beforeAll, describe, expect, test } from "vitest";
import type { ProbeResult } from "../tools/probe/probe.ts";
import {
  LEAST_PROBES,
  PROBES_TIMEOUT_MS,
  linesOf,
  missingClasses,
  probeSandbox,
} from "./probe-expectations.ts";
import { spawnSync } from "node:child_process";
import { requireOrSkip } from "./require.ts";

const findPython = (): boolean => spawnSync("python3", ["--version"]).status === 0;

describe.skipIf(await requireOrSkip("python", findPython))("probes of the WASM sandbox", () => {
  let results: readonly ProbeResult[];
  beforeAll(async () => {
    results = await probeSandbox("wasm");
  }, PROBES_TIMEOUT_MS);

  test("nothing escapes", () => {
    expect(linesOf(results, ({ outcome }) => outcome !== "contained")).toEqual([]);
  });

  test("every attempt works without the control that stops it", () => {
    expect(linesOf(results, (result) => !result.controlShown && !result.controlUnavailable)).toEqual([]);
  });

  test("there are enough attempts, each with its own name, and of every class", () => {
    expect(results.length).toBeGreaterThanOrEqual(LEAST_PROBES);
    expect(new Set(results.map(({ name }) => name)).size).toBe(results.length);
    expect(missingClasses(results)).toEqual([]);
  });
});
