/**
 * An attempt to live on when the host is killed, judged by the processes of this machine.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { childrenOf, isRunning } from "../../../src/sandbox/wasm/fixtures/processes.ts";
import type { Finding, Probe } from "../probe.ts";

const HOST = fileURLToPath(new URL("../../../src/sandbox/wasm/fixtures/host-to-kill.ts", import.meta.url));

/** Computes in one operation that looks at nothing, and says before that it runs. */
const COMPUTE = 'print("on", flush=True)\nimport time\ntime.sleep(0.01)\nsum(range(10**13))';

/** Time that a process has to notice. */
const NOTICE_MS = 2_000;

/** A host that starts the same in a plain python3 of its own session. */
const PLAIN_HOST = `
const { spawn } = await import("node:child_process");
spawn("python3", ["-c", ${JSON.stringify(COMPUTE)}], { detached: true, stdio: ["pipe", "pipe", "ignore"] }).stdout.once("data", () => console.log("ready"));`;

/** The probe. */
export function outliveProbe(): Probe {
  return {
    name: "outlive a host that is killed",
    class: "processes",
    without: "in a plain python3 that such a host started",
    attempt: () => killHost([HOST, COMPUTE]),
    control: () => killHost(["--input-type=module", "--eval", PLAIN_HOST]),
  };
}

async function killHost(args: readonly string[]): Promise<Finding> {
  const host = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  for await (const chunk of host.stdout) if (String(chunk).includes("ready")) break;
  const started = childrenOf(host.pid ?? 0);
  if (started.length === 0) throw new Error("the host started nothing");
  const ended = once(host, "exit");
  host.kill("SIGKILL");
  await ended;
  await new Promise((resolve) => setTimeout(resolve, NOTICE_MS));
  const left = started.filter(isRunning);
  for (const pid of left) process.kill(pid, "SIGKILL");
  return { succeeded: left.length > 0, evidence: `${left.length} of ${started.length} processes left` };
}
