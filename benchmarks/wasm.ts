/**
 * The WASM sandbox beside a bare Deno process that echoes.
 */
import { findPrograms } from "../src/sandbox/wasm/programs.ts";
import { wasm } from "../src/sandbox/wasm/wasm.ts";
import { backendSuite, type BackendUnderTest } from "./backend-suite.ts";
import type { Benchmark } from "./benchmark.ts";
import { type Echo, startEchoProcess } from "./echo-process.ts";
import { childProcesses, residentMb } from "./resident-memory.ts";

const DENO_ECHO = `const b = new Uint8Array(65536);
for (;;) {
  const n = Deno.stdin.readSync(b);
  if (n === null) break;
  for (let sent = 0; sent < n; ) sent += Deno.stderr.writeSync(b.subarray(sent, n));
}`;

/** The benchmarks named `wasm.…`. */
export const wasmBenchmarks: readonly Benchmark[] = backendSuite(openBackend)("wasm");

async function openBackend(): Promise<BackendUnderTest> {
  return {
    prefix: "wasm",
    sandbox: wasm(),
    openEcho: async () => openDenoEcho(),
    async startBare() {
      const bare = openDenoEcho();
      await bare.roundTrip(2);
      await bare.close();
    },
    idleMemory: async () => ({ value: largestChildMb(), floor: await bareDenoMb() }),
  };
}

function openDenoEcho(): Echo {
  const { deno } = findPrograms();
  return startEchoProcess(deno, ["eval", "--quiet", "--no-config", DENO_ECHO], { DENO_NO_UPDATE_CHECK: "1" });
}

/** The session's process is the only large child; the echo beside it is the other one. */
function largestChildMb(): number {
  return Math.max(0, ...childProcesses().map(residentMb));
}

async function bareDenoMb(): Promise<number> {
  const before = new Set(childProcesses());
  const bare = openDenoEcho();
  await bare.roundTrip(2);
  const own = childProcesses().filter((pid) => !before.has(pid));
  const mb = Math.max(0, ...own.map(residentMb));
  await bare.close();
  return mb;
}
