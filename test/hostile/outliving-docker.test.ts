/**
 * No container outlives a host that was killed, whatever its script does.
 *
 * Each host lives in a process id space of its own, as in a container: so no reaper of this machine can tell that it is
 * dead, and only what is in the container itself can end it.
 */
import { afterAll, describe, expect, test } from "vitest";
import { measureOutliving } from "../../tools/probe/docker/outliving-host.ts";
import { TEST_IMAGE, probeDocker, testEngine } from "../docker-engine.ts";
import { requireOrSkip } from "../require.ts";
import { OUTLIVING_SCRIPTS } from "./cases/outliving-scripts.ts";

const TEST_TIMEOUT_MS = 60_000;

async function probeDockerAsRoot(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error("a process id space of its own needs root");
  return await probeDocker();
}

const skip = await requireOrSkip("docker", probeDockerAsRoot);

describe.skipIf(skip)("[docker.ends-with-host] a container whose host is killed", () => {
  const rows: string[] = [];
  afterAll(() => void process.stdout.write(`Containers were gone after\n${rows.join("\n")}\n`));

  for (const [name, code] of OUTLIVING_SCRIPTS) {
    test(`is gone within two seconds though its script ${name}`, { timeout: TEST_TIMEOUT_MS }, async () => {
      const leftMs = await measureOutliving(testEngine, TEST_IMAGE, code, "sandbox");
      rows.push(`${Math.round(leftMs ?? Number.NaN)} ms: ${name}`);
      expect(leftMs).toBeDefined();
    });
  }
});
