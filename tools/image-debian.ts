/**
 * Makes the image `toolscript/python:debian` without a registry: a minimal Debian with its own Python, from Debian's
 * packages, imported into the Docker daemon. For tests, and for machines that cannot pull.
 *
 *     npm run image:debian [-- --force] [--mirror URL]
 *
 * Does nothing when an image of the same recipe is there. Needs root and `debootstrap`, and a daemon.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { resolveEngineAddress } from "../src/sandbox/docker/engine-address.ts";
import { EngineStatusError } from "../src/sandbox/docker/engine-http/answer-errors.ts";
import { toEngineError } from "../src/sandbox/docker/engine-error.ts";
import { DockerClient } from "./docker-client.ts";

const REPOSITORY = "toolscript/python";
const TAG = "debian";
const RECIPE_LABEL = "toolscript.image.recipe";

/** All that the image is made from; a change of it makes a new image. */
const RECIPE = {
  suite: "bookworm",
  variant: "minbase",
  packages: ["python3", "tzdata"],
  /** Removed below the root: what no script reads. Compiled modules stay, they halve the start. */
  removed: [
    "debootstrap",
    "usr/share/doc",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
  ],
  /** A container without a network gets no hosts file from the daemon. */
  hosts: "127.0.0.1 localhost\n::1 localhost\n",
  changes: [
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    "USER 1000:1000",
    'CMD ["python3"]',
  ],
};

const DEBOOTSTRAP_TIMEOUT_MS = 20 * 60_000;

await main();

async function main(): Promise<void> {
  const started = performance.now();
  try {
    const outcome = await makeImage(readOptions());
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${REPOSITORY}:${TAG}: ${outcome} (${seconds} s)`);
  } catch (error) {
    console.error(`Making ${REPOSITORY}:${TAG} failed: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

interface Options {
  readonly force: boolean;
  readonly mirror: string | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({ options: { force: { type: "boolean" }, mirror: { type: "string" } } });
  return { force: values.force ?? false, mirror: values.mirror };
}

async function makeImage({ force, mirror }: Options): Promise<string> {
  const docker = new DockerClient();
  const recipe = createHash("sha256").update(JSON.stringify(RECIPE)).digest("hex");
  try {
    if (!force && (await readRecipe(docker)) === recipe) return "already there, nothing to do";
    checkMachine();
    return await withTemporaryFolder(async (root) => {
      await runDebootstrap(root, mirror);
      await trim(root);
      await importImage(docker, root, recipe);
      return "made";
    });
  } catch (error) {
    const address = resolveEngineAddress().shown;
    const isOurs = error instanceof Error && !("statusCode" in error) && !("syscall" in error);
    throw isOurs ? error : toEngineError(error, { action: "talking to the daemon", address });
  }
}

/** The recipe that the present image was made from, if there is one. */
async function readRecipe(docker: DockerClient): Promise<string | undefined> {
  const labels = await docker.imageLabels(`${REPOSITORY}:${TAG}`).catch((error: unknown) => {
    if (error instanceof EngineStatusError && error.statusCode === 404) return undefined;
    throw error;
  });
  return labels?.[RECIPE_LABEL];
}

function checkMachine(): void {
  if (process.platform !== "linux") {
    throw new Error(`this needs Linux, the machine runs "${process.platform}"`);
  }
  if (process.getuid?.() !== 0) throw new Error("this needs root: run it as root, or with sudo");
  for (const program of ["debootstrap", "tar"]) {
    if (spawnSync(program, ["--version"]).error === undefined) continue;
    throw new Error(`"${program}" is not installed; on Debian and Ubuntu: apt-get install ${program}`);
  }
}

async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "toolscript-image-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runDebootstrap(root: string, mirror: string | undefined): Promise<void> {
  const { suite, variant, packages } = RECIPE;
  const args = [`--variant=${variant}`, `--include=${packages.join(",")}`, suite, root];
  console.log(`debootstrap ${args.join(" ")} (about a minute)`);
  const child = spawn("debootstrap", mirror === undefined ? args : [...args, mirror], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: DEBOOTSTRAP_TIMEOUT_MS,
  });
  let last = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    last = `${last}${text}`.slice(-2_000);
  });
  const code = await exitCode(child);
  if (code !== 0) throw new Error(`debootstrap ended with "${code}":\n${last}`);
}

async function trim(root: string): Promise<void> {
  await Promise.all(RECIPE.removed.map((path) => rm(join(root, path), { recursive: true, force: true })));
  // Device files: a container gets its own.
  for (const name of await readdir(join(root, "dev"))) {
    await rm(join(root, "dev", name), { recursive: true, force: true });
  }
  await mkdir(join(root, "var/log"), { recursive: true });
  await writeFile(join(root, "etc/hosts"), RECIPE.hosts);
}

async function importImage(docker: DockerClient, root: string, recipe: string): Promise<void> {
  const tar = spawn("tar", ["--numeric-owner", "--sort=name", "-C", root, "-c", "."], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const code = exitCode(tar);
  const changes = [...RECIPE.changes, `LABEL ${RECIPE_LABEL}=${recipe}`];
  await docker.importImage(tar.stdout, `${REPOSITORY}:${TAG}`, changes);
  if ((await code) !== 0) throw new Error(`tar ended with "${await code}"`);
}

async function exitCode(child: ReturnType<typeof spawn>): Promise<number | NodeJS.Signals | null> {
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
}
