/** A guest ends with its host, whatever the script and the host were doing. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf, isRunning, whenGone } from "../../src/sandbox/wasm/fixtures/processes.ts";
import { findPrograms } from "../../src/sandbox/wasm/programs.ts";

const FLOODING_HOST = fileURLToPath(
  new URL("../../src/sandbox/wasm/fixtures/host-that-floods.ts", import.meta.url),
);

const ONE_LONG_OPERATION = 'import time\nprint("on")\ntime.sleep(0.01)\nsum(range(10**13))';
const UNSTOPPABLE = `
print("on", flush=True)
while True:
    try:
        while True: pass
    except BaseException: pass`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "toolscript-wasm-end-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("a guest whose input is full", () => {
  test.each([
    ["in one long operation", ONE_LONG_OPERATION],
    ["in a loop that catches everything", UNSTOPPABLE],
  ])(
    "and that computes %s ends with its host [wasm.full-input]",
    { timeout: 120_000 },
    async (_name, code) => {
      expect(await killHostOf([code])).toBe("gone");
    },
  );

  test("ends with its host where there is no wall of the kernel's", { timeout: 120_000 }, async () => {
    const deno = join(folder, "deno");
    await writeFile(deno, `#!/bin/sh\nexec '${findPrograms().deno}' "$@"\n`, { mode: 0o700 });
    expect(await killHostOf([ONE_LONG_OPERATION, deno])).toBe("gone");
  });
});

/** Resolves when the guest of the killed host is gone; the test's timeout is what it fails by. */
async function killHostOf(args: readonly string[]): Promise<"gone"> {
  const host = spawn(process.execPath, [FLOODING_HOST, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const chunk of host.stdout) if (String(chunk).includes("ready")) break;
  const guests = childrenOf(host.pid ?? 0);
  expect(guests.filter(isRunning)).toHaveLength(1);
  host.kill("SIGKILL");
  await whenGone(guests);
  return "gone";
}
