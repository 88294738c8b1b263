import { expect, test } from "vitest";
import { toMaxInterpreters } from "./interpreter-bound.ts";

const GB = 1024 ** 3;

test.each([
  ["docker on 16 GB", { sandbox: "docker" }, 16 * GB, 24],
  ["docker with less for each", { sandbox: "docker", docker: { memoryMb: 256 } }, 16 * GB, 48],
  ["docker with a bound of its own", { sandbox: "docker", interpretersMemoryMb: 5_120 }, 16 * GB, 10],
  ["wasm on 16 GB", {}, 16 * GB, 12],
  ["a machine too small for one", {}, GB / 4, 1],
  ["a number", { maxInterpreters: 7 }, 16 * GB, 7],
  ["another's machines", { sandbox: "agentcore" }, 16 * GB, undefined],
])("toMaxInterpreters() of %s", (_title, config, bytes, expected) => {
  expect(toMaxInterpreters(config, bytes)).toBe(expected);
});
