import { probeDocker } from "./docker-engine.ts";
import { describeProbes } from "./probe-expectations.ts";
import { requireOrSkip } from "./require.ts";

/** A name server's port and a process of another user are for root alone. */
async function probeDockerAsRoot(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error("the probes of the Docker sandbox need root");
  return await probeDocker();
}

describeProbes("docker", await requireOrSkip("docker", probeDockerAsRoot));
