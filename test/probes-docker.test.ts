import { beforeAll, describe, expect, test } from "vitest";
import type { ProbeResult } from "../tools/probe/probe.ts";
import {
  LEAST_PROBES,
  PROBES_TIMEOUT_MS,
  linesOf,
  missingClasses,
  probeSandbox,
} from "./probe-expectations.ts";
import { probeDocker } from "./docker-engine.ts";
import { requireOrSkip } from "./require.ts";

/** A name server's port and a process of another user are for root alone. */
async function probeDockerAsRoot(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error("the probes of the Docker sandbox need root");
  return await probeDocker();
}

describe.skipIf(await requireOrSkip("docker", probeDockerAsRoot))("probes of the docker sandbox", () => {
  let results: readonly ProbeResult[];
  beforeAll(async () => {
    results = await probeSandbox("docker");
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
