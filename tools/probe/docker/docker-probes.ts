/**
 * Every probe of the Docker sandbox.
 */
import { docker } from "../../../src/sandbox/docker/docker.ts";
import type { Probe } from "../probe.ts";
import { sessionProbes } from "../session/session-probes.ts";
import type { ProbeSuite } from "../suite.ts";
import { type DockerRow, toDockerProbe } from "./docker-probe.ts";
import { filesystemRows } from "./filesystem.ts";
import { kernelRows } from "./kernel.ts";
import { openDockerLab } from "./lab.ts";
import { leftoverProcessProbe } from "./leftover-process.ts";
import { memoryAndCpuRows } from "./memory-and-cpu.ts";
import { networkRows } from "./network.ts";
import { outlivingProbes } from "./outliving-host.ts";
import { otherContainerRows } from "./other-containers.ts";
import { privilegeAndDeviceRows } from "./privileges-and-devices.ts";
import { processRows } from "./processes.ts";
import { userQuotaProbe } from "./user-quota.ts";

/** Used unless the variable that the sandbox reads names another one; `npm run image:debian` makes it. */
const DEFAULT_PROBE_IMAGE = "toolscript/python:debian";

const rows: readonly DockerRow[] = [
  ...networkRows,
  ...filesystemRows,
  ...processRows,
  ...memoryAndCpuRows,
  ...kernelRows,
  ...privilegeAndDeviceRows,
  ...otherContainerRows,
];

/** Prepares them. Needs a daemon, its image, and root. */
export async function openDockerSuite(): Promise<ProbeSuite> {
  const image = process.env["TOOLSCRIPT_DOCKER_IMAGE"] || DEFAULT_PROBE_IMAGE;
  const lab = await openDockerLab(image);
  const sandbox = docker({ image });
  const probes: Probe[] = [
    ...rows.map((row) => toDockerProbe(row, lab)),
    leftoverProcessProbe(lab),
    ...outlivingProbes(lab),
    userQuotaProbe(lab),
    ...sessionProbes(sandbox),
  ];
  const version = await lab.engine.version();
  return {
    probes,
    setting: `Docker Engine ${version}, image ${image}`,
    async close() {
      await sandbox.close();
      await lab.close();
    },
  };
}
