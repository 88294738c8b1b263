/**
 * No container outlives a host that was killed, whatever its script does.
 *
 * Each host lives in a process id space of its own, as in a container: so no reaper of this machine can tell that it is
 * dead, and only what is in the container itself can end it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { TEST_IMAGE, probeDocker, testEngine } from "../docker-engine.ts";
import { requireOrSkip } from "../require.ts";
import { OUTLIVING_SCRIPTS } from "./cases/outliving-scripts.ts";

const HOST = fileURLToPath(new URL("../fixtures/outliving-host.ts", import.meta.url));
/** Time in milliseconds after which no container may be left. The daemon's own work at a removal is part of it. */
const MAX_LEFT_MS = 2_000;
const TEST_TIMEOUT_MS = 60_000;

async function probeDockerAsRoot(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error("a process id space of its own needs root");
  return await probeDocker();
}

const skip = await requireOrSkip("docker", probeDockerAsRoot);

describe.skipIf(skip)("a container whose host is killed", () => {
  const tookMs = new Map<string, number>();
  afterAll(() => {
    const rows = [...tookMs].map(([name, ms]) => `${String(Math.round(ms)).padStart(6)} ms  ${name}`);
    console.log(`Containers were gone after\n${rows.join("\n")}`);
  });

  for (const [name, code] of OUTLIVING_SCRIPTS) {
    test(`is gone though its script ${name}`, { timeout: TEST_TIMEOUT_MS }, async () => {
      const { host, container } = await startHost(code);
      try {
        expect(container).toMatch(/^toolscript-[0-9a-f]{16}$/);
        host.kill("SIGKILL");
        const killedAt = performance.now();
        await waitUntilGone(container, killedAt + MAX_LEFT_MS);
        tookMs.set(name, performance.now() - killedAt);
        expect(await isThere(container)).toBe(false);
      } finally {
        host.kill("SIGKILL");
        await testEngine
          .getContainer(encodeURIComponent(container))
          .remove()
          .catch(() => {}); // it is gone, as it should be
      }
    });
  }
});

/** Starts a host and waits until its script has done what it can. */
async function startHost(code: string): Promise<{ host: ChildProcess; container: string }> {
  const command = ["--pid", "--fork", "--kill-child", process.execPath, HOST, TEST_IMAGE, code];
  const host = spawn("unshare", command, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(host.stdout, "data")) as [Buffer];
  return { host, container: line.toString().trim() };
}

/** Looks again and again, up to a moment: a daemon that was asked to wait for the end answers late when it is busy. */
async function waitUntilGone(container: string, untilMs: number): Promise<void> {
  while (performance.now() < untilMs && (await isThere(container)));
}

async function isThere(container: string): Promise<boolean> {
  return await testEngine
    .getContainer(container)
    .inspect()
    .then(
      ({ State }) => State.Running,
      () => false,
    );
}
