import { afterAll, beforeAll, describe, test } from "vitest";
import { docker } from "../../src/sandbox/docker/docker.ts";
import {
  type OpenContractBench,
  openContractBench,
  sandboxContract,
} from "../../src/testing/sandbox-contract.ts";
import { TEST_IMAGE, probeDocker } from "../docker-engine.ts";
import { type GuardBench, openGuardBench } from "../guard/bench.ts";
import { requireOrSkip } from "../require.ts";

describe.skipIf(await requireOrSkip("docker", probeDocker))("Docker sandbox through the guard", () => {
  let guard: GuardBench;
  let bench: OpenContractBench;
  beforeAll(async () => {
    guard = await openGuardBench();
    const sandbox = docker({ image: TEST_IMAGE, host: guard.host });
    bench = openContractBench(sandbox, { threads: true, subprocesses: true });
  });
  afterAll(async () => {
    await bench.close();
    await guard.close();
  });

  for (const one of sandboxContract) test(`[${one.id}] ${one.shows}`, () => bench.prove(one));
});
