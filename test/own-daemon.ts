/**
 * A Docker daemon of the tests' own, to be stopped, killed and restarted, with a disk that can be filled. It shares
 * nothing with the machine's daemon. Needs root and `dockerd`.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DockerClient } from "../tools/docker-client.ts";
import { probeDocker, testEngine } from "./docker-engine.ts";

const START_TIMEOUT_MS = 30_000;
const RETRY_MS = 50;
/** Room for the test image twice: while it is loaded, it is there packed, too. */
const DISK_SIZE = "500m";

/** For `requireOrSkip("docker", probeOwnDaemon)`. */
export async function probeOwnDaemon(): Promise<true> {
  await probeDocker();
  if (process.getuid?.() !== 0) throw new Error("a daemon of the tests' own needs root");
  if (spawnSync("dockerd", ["--version"]).error !== undefined) throw new Error("dockerd is not installed");
  return true;
}

/** A daemon whose life the test decides. */
export interface OwnDaemon {
  /** For the option `host`. */
  readonly host: string;
  readonly engine: DockerClient;
  /** Ids of all containers. One that it lists as dead and knows no more (moby/moby#51692) is none. */
  listContainers(): Promise<string[]>;
  start(): Promise<void>;
  stop(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Stops it from answering, or lets it go on. */
  hang(isHanging: boolean): void;
  /** Copies an image from the machine's daemon. */
  load(image: string): Promise<void>;
  /** Fills the disk; the result makes room again. */
  fillDisk(): Promise<() => Promise<void>>;
  /** Stops it and removes all that it left. */
  remove(): Promise<void>;
}

/** Prepares a daemon; it is not started. */
export async function createOwnDaemon(): Promise<OwnDaemon> {
  const folder = await mkdtemp(join(tmpdir(), "toolscript-dockerd-"));
  const socketPath = join(folder, "docker.sock");
  const data = join(folder, "data");
  const engine = new DockerClient(`unix://${socketPath}`);
  let child: ChildProcess | undefined;
  await mkdir(data);
  mountDisk(data);

  async function start(): Promise<void> {
    await removeProcessIds(folder);
    // In a network of its own: without a bridge it would take that of the machine's daemon away.
    child = spawn("unshare", ["--net", "dockerd", ...daemonArguments(folder)], { stdio: "ignore" });
    const giveUpAt = performance.now() + START_TIMEOUT_MS;
    while (!(await answers(engine))) {
      if (performance.now() > giveUpAt || child.exitCode !== null) throw new Error("dockerd did not start");
      await sleep(RETRY_MS); // a daemon tells nobody when it is ready
    }
  }

  async function stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  return {
    host: `unix://${socketPath}`,
    engine,
    listContainers: () => listContainers(engine),
    start,
    stop,
    hang: (isHanging) => void child?.kill(isHanging ? "SIGSTOP" : "SIGCONT"),
    load: async (image) => await engine.loadImage(await testEngine.saveImage(image)),
    fillDisk: () => fill(join(data, "filler")),
    async remove() {
      await stop("SIGTERM");
      await endShims(folder);
      await unmountBelow(folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function daemonArguments(folder: string): string[] {
  const at = (name: string) => join(folder, name);
  const namespace = [
    "--containerd-namespace",
    "toolscript-test",
    "--containerd-plugins-namespace",
    "toolscript-test-plugins",
  ];
  const network = ["--bridge=none", "--iptables=false", "--ip6tables=false"];
  const paths = ["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid")];
  return [...paths, "--host", `unix://${at("docker.sock")}`, ...network, ...namespace];
}

/** A killed daemon leaves its and its containerd's id; one that nobody has collected yet looks alive to the next. */
async function removeProcessIds(folder: string): Promise<void> {
  await rm(join(folder, "pid"), { force: true });
  await rm(join(folder, "exec", "containerd", "containerd.pid"), { force: true });
}

/** Containers outlive a killed daemon until the next one ends them; without a next one that is done here. */
async function endShims(folder: string): Promise<void> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const name of names) {
    const command = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    const isShim = command.includes("containerd-shim") && command.includes(folder);
    if (isShim) process.kill(Number(name), "SIGKILL");
  }
}

function mountDisk(folder: string): void {
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_SIZE}`, "tmpfs", folder]);
  if (status !== 0) throw new Error(`mounting a disk failed: ${stderr.toString()}`);
}

async function listContainers(engine: DockerClient): Promise<string[]> {
  const listed = await engine.listContainers({ all: true });
  const looks = listed.map(({ Id }) =>
    engine
      .getContainer(Id)
      .inspect()
      .then(
        () => [Id],
        (error: { statusCode?: number }) => {
          if (error.statusCode !== 404) throw error;
          return [];
        },
      ),
  );
  return (await Promise.all(looks)).flat();
}

async function answers(engine: DockerClient): Promise<boolean> {
  return await engine.version().then(
    () => true,
    () => false,
  );
}

async function fill(path: string): Promise<() => Promise<void>> {
  const file = await open(path, "w");
  try {
    for (const size of [1024 * 1024, 4096, 1]) await writeUntilFull(file, Buffer.alloc(size));
  } finally {
    await file.close();
  }
  return () => rm(path);
}

async function writeUntilFull(file: Awaited<ReturnType<typeof open>>, block: Buffer): Promise<void> {
  try {
    for (;;) await file.write(block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

/** What a killed daemon leaves mounted, innermost first. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
  for (const path of mounts.filter((mount) => mount.startsWith(folder)).toReversed()) {
    spawnSync("umount", ["-l", path]);
  }
}
