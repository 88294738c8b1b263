/**
 * Whether a Docker daemon answers.
 */
import { toErrorMessage } from "../../errors.ts";
import type { Check } from "./check.ts";

const TIMEOUT_MS = 3_000;

/** Asks the daemon, at `DOCKER_HOST` or its usual socket, for its version. */
export async function checkDocker(): Promise<Check> {
  const name = "docker daemon";
  try {
    const { default: Docker } = await import("dockerode");
    const { Version } = await new Docker({ timeout: TIMEOUT_MS }).version();
    return { name, status: "ok", detail: Version };
  } catch (error) {
    return {
      name,
      status: "warning",
      detail: `does not answer: ${toErrorMessage(error)}`,
      fix: "apt-get install docker.io && systemctl start docker",
    };
  }
}
