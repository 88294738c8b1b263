import { execFileSync } from "node:child_process";
import { afterAll, describe, test } from "vitest";
import { openContractBench, sandboxContract } from "../../src/testing/sandbox-contract.ts";
import { createProcessSandbox } from "../fixtures/process-sandbox.ts";
import { requireOrSkip } from "../require.ts";

/** Cases that need the isolation which a bare process does not have. */
const NEEDS_ISOLATION = new Set(["budget.memory"]);

const bench = openContractBench(createProcessSandbox(), { threads: true, subprocesses: true });
afterAll(() => bench.close());

const noPython = await requireOrSkip("python", () =>
  execFileSync("python3", ["--version"], { encoding: "utf8" }),
);

describe.skipIf(noPython)("stdio runner in a bare process [frames.stdio-runner]", () => {
  for (const one of sandboxContract.filter(({ id }) => !NEEDS_ISOLATION.has(id))) {
    test(`[${one.id}] ${one.shows}`, () => bench.prove(one));
  }
});
