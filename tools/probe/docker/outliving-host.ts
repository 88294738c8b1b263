/**
 * Attempts to go on after the host was killed, judged by the daemon.
 *
 * The host lives in a process id space of its own, as in a container: so no reaper of this machine can tell that it is dead.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { DockerClient } from "../../docker-client.ts";
import type { Finding, Probe } from "../probe.ts";
import type { DockerLab } from "./lab.ts";

const HOST = fileURLToPath(new URL("host-to-kill.ts", import.meta.url));
/** Time in milliseconds that a container has to be gone. */
const MAX_LEFT_MS = 2_000;

/** Name and script of each attempt; the script prints "here" when it has done what it can. */
const SCRIPTS: readonly (readonly [name: string, script: string])[] = [
  [
    "compute on, in one operation, after the host was killed",
    `import sys, time
print("here", flush=True)
time.sleep(0.2)
sum(range(10 ** 13))`,
  ],
  [
    "keep children with every descriptor after the host was killed",
    `import ctypes, os, sys, time
for number in range(3, 1024):
    try: os.set_inheritable(number, True)
    except OSError: pass
for _ in range(3):
    if ctypes.CDLL(None).fork() == 0:
        time.sleep(600)
print("here", flush=True)
time.sleep(600)`,
  ],
  [
    "hold the other end of its own input after the host was killed",
    `import os, sys, time
kept = []
for number in os.listdir("/proc/self/fd"):
    if number not in "12":
        try: kept.append(os.open("/proc/self/fd/" + number, os.O_RDWR | os.O_NONBLOCK))
        except OSError: pass
print("here", flush=True)
time.sleep(600)`,
  ],
];

/** The probes. */
export function outlivingProbes(lab: DockerLab): readonly Probe[] {
  return SCRIPTS.map(([name, script]) => ({
    name,
    class: "processes" as const,
    without: "with the script's interpreter as process 1",
    attempt: () => killHost(lab, script, "sandbox"),
    control: () => killHost(lab, script, "bare"),
  }));
}

async function killHost({ engine, image }: DockerLab, script: string, kind: HostKind): Promise<Finding> {
  const leftMs = await measureOutliving(engine, image, script, kind);
  const [succeeded, evidence] =
    leftMs === undefined
      ? ([true, "it ran two seconds later"] as const)
      : ([false, "it was gone within two seconds"] as const);
  return { succeeded, evidence };
}

/** `bare`: the script's interpreter is process 1 of the container. */
export type HostKind = "sandbox" | "bare";

/**
 * Runs a script in a container, kills its host once the script has said "here", and returns the milliseconds after which
 * the container had gone; undefined if it has not after two seconds. Nothing is left.
 */
export async function measureOutliving(
  engine: DockerClient,
  image: string,
  script: string,
  kind: HostKind,
): Promise<number | undefined> {
  const container = await startAndKill(image, script, kind);
  const killedAt = performance.now();
  try {
    // A daemon that is asked to wait for the end answers late when it is busy.
    while (performance.now() - killedAt < MAX_LEFT_MS) {
      if (!(await isRunning(engine, container))) return performance.now() - killedAt;
    }
    return undefined;
  } finally {
    await engine
      .getContainer(container)
      .remove()
      .catch(() => {}); // it is gone, as it should be
  }
}

/** Returns the name of the container. */
async function startAndKill(image: string, script: string, kind: HostKind): Promise<string> {
  const command = ["--pid", "--fork", "--kill-child", process.execPath, HOST, image, script, kind];
  const host = spawn("unshare", command, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(host.stdout, "data")) as [Buffer];
    const name = line.toString().trim();
    if (!/^toolscript-[0-9a-f]{16}$/.test(name)) throw new Error(`the host said "${name}"`);
    return name;
  } finally {
    host.kill("SIGKILL");
  }
}

async function isRunning(engine: DockerClient, container: string): Promise<boolean> {
  try {
    return (await engine.getContainer(container).inspect()).State.Running;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}
