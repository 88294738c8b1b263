/**
 * An attempt to leave a process behind, judged by the processes of this host.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { docker } from "../../../src/sandbox/docker/docker.ts";
import type { Finding, Probe } from "../probe.ts";
import { checkRun } from "../script-run.ts";
import { runInSession } from "../session-run.ts";
import type { DockerLab } from "./lab.ts";

/** A process of its own session that ignores what it can, and says its name in its arguments. */
const LEAVE = (name: string): string => `
import os, signal, subprocess
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    for descriptor in range(3):
        os.close(descriptor)
    os.execv("/bin/sleep", ["sleep-${name}", "20"])
`;

/** The probe. */
export function leftoverProcessProbe(lab: DockerLab): Probe {
  return {
    name: "leave a process behind a finished session",
    class: "processes",
    without: "a plain python3 on this host",
    async attempt() {
      const name = randomBytes(8).toString("hex");
      const sandbox = docker({ image: lab.image });
      let whileOpen: number[] = [];
      const run = await runInSession(sandbox, `${LEAVE(name)}\ntime.sleep(0.5)\ndid(True, "left")`, {
        inspect: async () => {
          whileOpen = await findProcesses(name);
        },
      });
      checkRun(run, false);
      await sandbox.close();
      if (whileOpen.length === 0) throw new Error("the process never ran");
      return toFinding(await findProcesses(name));
    },
    async control() {
      const name = randomBytes(8).toString("hex");
      await once(spawn("python3", ["-c", LEAVE(name)], { stdio: "ignore" }), "exit");
      await new Promise((resolve) => setTimeout(resolve, 500));
      const left = await findProcesses(name);
      for (const pid of left) process.kill(pid, "SIGKILL");
      return toFinding(left);
    },
  };
}

function toFinding(left: readonly number[]): Finding {
  return { succeeded: left.length > 0, evidence: `${left.length} processes left on the host` };
}

async function findProcesses(name: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.startsWith(`sleep-${name}`)) found.push(Number(pid));
  }
  return found;
}
