/**
 * What the tests of the Docker sandbox share: the daemon, throw-away images, and a look at what is left.
 *
 * It asks the daemon itself, not through the sandbox.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunnerFrame } from "../src/protocol/frames.ts";
import type { SandboxSession } from "../src/sandbox/sandbox.ts";
import { DockerClient } from "../tools/docker-client.ts";

/** The image that tests run on; `npm run image:debian` makes it. */
export const TEST_IMAGE = "toolscript/python:debian";

/** The daemon that tests use. */
export const testEngine = new DockerClient();

/** For `requireOrSkip("docker", probeDocker)`: throws unless a daemon answers and has the test image. */
export async function probeDocker(): Promise<string> {
  const version = await testEngine.version();
  await testEngine.imageLabels(TEST_IMAGE).catch(() => {
    throw new Error(`the image "${TEST_IMAGE}" is missing, make it with: npm run image:debian`);
  });
  return version;
}

/** Containers of the sandbox that the process `pid` started, in whichever state. */
export async function listContainersOf(pid = process.pid): Promise<string[]> {
  const label = ["toolscript.sandbox=1", `toolscript.host.pid=${pid}`];
  const found = await testEngine.listContainers({ all: true, filters: { label } });
  return found.map(({ Id }) => Id);
}

/** Resolves once no container of the process `pid` is left. The test's own timeout bounds it. */
export async function waitForNoContainersOf(pid: number): Promise<void> {
  for (let left = await listContainersOf(pid); left.length > 0; left = await listContainersOf(pid)) {
    const waits = left.map((id) => testEngine.getContainer(id).wait("removed"));
    await Promise.allSettled(waits);
  }
}

/** Builds an image from a Dockerfile's text and files beside it, without a network. Returns its name. */
export async function buildImage(
  name: string,
  dockerfile: string,
  files: Readonly<Record<string, string>> = {},
  engine: DockerClient = testEngine,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "toolscript-build-"));
  try {
    const all = Object.entries({ ...files, Dockerfile: dockerfile });
    await Promise.all(all.map(([path, content]) => writeFile(join(folder, path), content)));
    const tar = spawn("tar", ["-C", folder, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
    await engine.buildImage(tar.stdout, name);
    return name;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes an image; one that is not there is fine. */
export async function removeImage(name: string): Promise<void> {
  await testEngine.removeImage(name).catch(() => {});
}

const CELL_LIMITS = { maxOutputBytes: 1_000_000, maxCalls: 100_000, maxCallsInFlight: 20_000 };

/** Sends a cell. */
export function sendCell(session: SandboxSession, code: string, cell = 1): void {
  void session.send([{ type: "run", cell, code, limits: CELL_LIMITS }]);
}

/** What a cell printed and returned. Reads a session's frames, which can be done once; for more cells keep the reader. */
export function createCellReader(session: SandboxSession) {
  const batches = session.frames[Symbol.asyncIterator]();
  let rest: RunnerFrame[] = [];

  async function nextFrame(): Promise<RunnerFrame> {
    while (rest.length === 0) {
      const batch = await batches.next();
      if (batch.done === true) throw new Error("the session's frames ended");
      rest = [...batch.value];
    }
    return rest.shift() as RunnerFrame;
  }

  /** Reads up to the end of the cell. */
  async function readCell(): Promise<{ text: string; returnCode: number }> {
    let text = "";
    for (;;) {
      const frame = await nextFrame();
      if (frame.type === "output") text += frame.text;
      if (frame.type === "done") return { text, returnCode: frame.returnCode };
    }
  }

  return { nextFrame, readCell };
}

/** Opens nothing and closes nothing: runs one cell in a session and returns what it printed. */
export async function runCell(session: SandboxSession, code: string): Promise<string> {
  sendCell(session, code);
  return (await createCellReader(session).readCell()).text;
}

/** Starts a TypeScript program that prints a line when it is ready; resolves with the process and that line. */
export async function startHost(program: string, args: readonly string[] = []) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, line: line.toString().trim(), pid: child.pid ?? 0 };
}
