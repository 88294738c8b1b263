/**
 * Every probe of the WASM sandbox: Python in a live session, then JavaScript under the same command line, then what is
 * the same for all sandboxes.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { wasm } from "../../../src/sandbox/wasm/wasm.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { type Finding, type Probe, UnavailableControlError } from "../probe.ts";
import { type ScriptRun, checkRun, describeRun } from "../script-run.ts";
import { sessionProbes } from "../session/session-probes.ts";
import { runInSession } from "../session-run.ts";
import type { ProbeSuite } from "../suite.ts";
import { allowAll, runInDeno } from "./deno-run.ts";
import { escapeProbes } from "./escape-probes.ts";
import { runOnHost } from "./host-run.ts";
import { type JavaScriptRow, javaScriptRows } from "./javascript-rows.ts";
import { type KernelRow, kernelRows } from "./kernel-rows.ts";
import { type WasmLab, openWasmLab } from "./lab.ts";
import { outliveProbe } from "./outlive-probe.ts";
import { type PythonRow, pythonRows } from "./python-rows.ts";

/** Only Linux is probed; the rest is what the code does there. */
const BY_PLATFORM = `
Two walls are probed, each without the other: rows "from JavaScript" run under Deno's permissions alone, rows whose control is "without
the kernel's wall" behind the kernel's alone, with all of Deno's permissions given. A session has both on Linux:

| what holds | Linux (x86-64, arm64) | macOS | Windows |
|---|---|---|---|
| WebAssembly, Deno's permissions (all denied), an empty environment | yes | yes | yes |
| no workers, graphics or \`Deno\` on the global object; the permission to read is given up | yes | yes | yes |
| no file, device, socket, program, thread or other process, whatever Deno allows | by the kernel | no | no |
| memory | by the kernel, and V8's caps | V8's caps on Python's memory and on the heap | as on macOS |
| the end with a host that is killed | by the kernel | by the thread that reads the input | by the same, unless the input is full |
| processor time is counted | by the kernel | no | no |
| a snapshot that others could change is not used | by owner and mode | by owner and mode | left to the folder's own access list |

Where the kernel's wall is missing, \`session.wall\`, \`toolscript doctor\` and a warning say so; with \`wall: "required"\`, the default on
Linux, no session starts. Only Linux is probed.
`;

/** Prepares them. Needs python3 on this host for the controls. */
export async function openWasmSuite(): Promise<ProbeSuite> {
  const lab = await openWasmLab();
  const sandbox = wasm();
  return {
    probes: [
      ...pythonRows.map((row) => toPythonProbe(row, sandbox, lab)),
      memoryProbe(),
      ...javaScriptRows.map((row) => toJavaScriptProbe(row, lab)),
      ...(process.platform === "linux" ? kernelRows.map((row) => toKernelProbe(row, lab)) : []),
      ...escapeProbes(sandbox),
      outliveProbe(),
      ...sessionProbes(sandbox),
    ],
    notes: BY_PLATFORM,
    setting: `Deno ${versionOf("deno")}, Pyodide ${versionOf("pyodide")}`,
    async close() {
      await sandbox.close();
      await lab.close();
    },
  };
}

function versionOf(name: string): string {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

function judge(row: PythonRow | JavaScriptRow | KernelRow, run: ScriptRun, lab: WasmLab): Finding {
  checkRun(run, row.mayEnd === true);
  const found = `${run.stdout}${run.facts?.detail ?? ""}`.includes(lab.secret);
  const succeeded = row.judge?.(run, lab) ?? (row.steals === true ? found : run.facts?.ok === true);
  const evidence = found ? "the secret was read" : describeRun(run);
  return {
    succeeded,
    evidence: evidence.replaceAll(lab.secret, "the secret").replaceAll(lab.folder, "FOLDER"),
  };
}

function toPythonProbe(row: PythonRow, sandbox: Sandbox, lab: WasmLab): Probe {
  return {
    name: row.name,
    class: row.class,
    without: "in a plain python3 on this host",
    async attempt() {
      const run = await runInSession(sandbox, row.script, { lab: lab.values, limits: row.limits ?? {} });
      return judge(row, run, lab);
    },
    control: async () => judge(row, await runOnHost(row.script, lab.values, lab.folder), lab),
  };
}

function toJavaScriptProbe(row: JavaScriptRow, lab: WasmLab): Probe {
  const options = { lab: lab.values, secret: lab.secret };
  return {
    name: row.name,
    class: row.class,
    without: row.without,
    attempt: async () => judge(row, await runInDeno(row.script, options), lab),
    control: async () => judge(row, await runInDeno(row.script, { ...options, loosen: row.loosen }), lab),
  };
}

function toKernelProbe(row: KernelRow, lab: WasmLab): Probe {
  const { before = "", script, needs } = row;
  const run = async (kernelWall: boolean): Promise<Finding> => {
    const options = { lab: lab.values, secret: lab.secret, loosen: allowAll, before, kernelWall };
    return judge(row, await runInDeno(script, options), lab);
  };
  return {
    name: row.name,
    class: row.class,
    without: "without the kernel's wall (Deno's permissions are all given in both)",
    attempt: () => run(true),
    async control() {
      const finding = await run(false);
      if (finding.succeeded || needs === undefined) return finding;
      throw new UnavailableControlError(`which lacks ${needs}`);
    },
  };
}

const MEMORY_BOMB = `
blocks = []
try:
    while len(blocks) < 600:
        blocks.append(b"x" * 2**20)
except MemoryError:
    pass
held = len(blocks)
blocks.clear()
did(held >= 600, "%d MiB held" % held)
`;

/** The control is a sandbox that was given more. */
function memoryProbe(): Probe {
  const run = async (memoryMb: number): Promise<Finding> => {
    const sandbox = wasm({ memoryMb });
    try {
      const done = await runInSession(sandbox, MEMORY_BOMB);
      checkRun(done, true);
      return { succeeded: done.facts?.ok === true, evidence: describeRun(done) };
    } finally {
      await sandbox.close();
    }
  };
  return {
    name: "a memory bomb",
    class: "memory",
    without: "with 1024 MiB instead of 512",
    attempt: () => run(512),
    control: () => run(1024),
  };
}
