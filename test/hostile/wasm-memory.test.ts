/** A script cannot fill more memory than its sandbox may use, also while the host sees nothing. */
import { describe, expect, test } from "vitest";
import { REACH_JAVASCRIPT } from "../../tools/probe/wasm/reach-javascript.ts";
import type { MemoryOutcome } from "./cases/wasm-memory.ts";
import { runCase } from "./run-case.ts";

/** Megabytes: those for Python, and those for everything beside it. */
const MAX_MB = 512 + 448;

/** Megabytes that every one of these would fill if it could. */
const WANTED_MB = 1_536;

const fill = (what: string, megabytes: number): string => `${REACH_JAVASCRIPT}
print("begins", flush=True)
held = []
def hold(make, megabytes):
    for _ in range(${WANTED_MB} // megabytes):
        held.append(make())
${what}
hold(make, ${megabytes})
print("held", len(held) * ${megabytes}, "MB")`;

const SCRIPTS: Readonly<Record<string, string>> = {
  "bytes of Python": fill("make = lambda: bytearray(2 ** 20)", 1),
  "buffers of JavaScript": fill(
    "def make():\n    buffer = js.Uint8Array.new(2 ** 24)\n    return buffer.fill(1)",
    16,
  ),
  "small buffers of JavaScript": fill(
    "def make():\n    return [js.Uint8Array.new(2 ** 16).fill(1) for _ in range(16)]",
    1,
  ),
  "shared buffers": fill(
    "def make():\n    return js.Uint8Array.new(js.SharedArrayBuffer.new(2 ** 24)).fill(1)",
    16,
  ),
  "memories of WebAssembly": fill(
    "def make():\n    size = js_object()\n    size.initial = 256\n    memory = js.WebAssembly.Memory.new(size)\n" +
      "    js.Uint8Array.new(memory.buffer).fill(1)\n    return memory",
    16,
  ),
  "texts of JavaScript": fill(
    "count = 0\ndef make():\n    global count\n    count += 1\n    return js.TextEncoder.new().encode(chr(97 + count % 26) * 2 ** 22)",
    4,
  ),
  "all of Python's memory, then buffers": fill(
    "try:\n    while True: held.append(bytearray(2 ** 20))\nexcept MemoryError:\n    held[-2:] = []\n" +
      "def make():\n    return js.Uint8Array.new(2 ** 22).fill(1)",
    4,
  ),
};

describe.skipIf(process.platform !== "linux")(
  "a script that fills, while the host's loop stands still,",
  () => {
    test.each(Object.entries(SCRIPTS))(
      "%s [wasm.memory-by-kernel]",
      { timeout: 120_000 },
      async (_name, script) => {
        const { value } = await runCase("wasm-memory.ts", "fillWhileStandingStill", {
          argument: script,
          timeoutMs: 110_000,
        });
        const { mostMb, end } = value as MemoryOutcome;
        expect(mostMb).toBeLessThanOrEqual(MAX_MB);
        expect(end).toMatch(/^sandbox-out-of-memory$|^MemoryError|RangeError: .*(?:allocat|memory)/);
      },
    );
  },
);
