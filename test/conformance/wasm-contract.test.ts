import { afterAll, describe, test } from "vitest";
import { wasm } from "../../src/sandbox/wasm/wasm.ts";
import { openContractBench, sandboxContract } from "../../src/testing/sandbox-contract.ts";

const bench = openContractBench(wasm(), { threads: false, subprocesses: false });
afterAll(() => bench.close());

describe("WASM sandbox", () => {
  for (const one of sandboxContract) test(`[${one.id}] ${one.shows}`, () => bench.prove(one));
});
