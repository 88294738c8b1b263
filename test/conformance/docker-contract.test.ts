import { afterAll, describe, test } from "vitest";
import { docker } from "../../src/sandbox/docker/docker.ts";
import { openContractBench, sandboxContract } from "../../src/testing/sandbox-contract.ts";
import { TEST_IMAGE, probeDocker } from "../docker-engine.ts";
import { requireOrSkip } from "../require.ts";

const noDocker = await requireOrSkip("docker", probeDocker);

describe.skipIf(noDocker)("Docker sandbox", () => {
  const bench = openContractBench(docker({ image: TEST_IMAGE }), { threads: true, subprocesses: true });
  afterAll(() => bench.close());
  for (const one of sandboxContract) test(`[${one.id}] ${one.shows}`, () => bench.prove(one));
});
