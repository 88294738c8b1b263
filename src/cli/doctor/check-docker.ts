/**
 * Whether a Docker daemon answers.
 */
import { toErrorMessage } from "../../errors.ts";
import { resolveEngineAddress } from "../../sandbox/docker/engine-address.ts";
import { openEngine } from "../../sandbox/docker/engine.ts";
import type { Check } from "./check.ts";

const TIMEOUT_MS = 3_000;

/** Asks the daemon, at `DOCKER_HOST` or its usual socket, for its version. */
export async function checkDocker(): Promise<Check> {
  const name = "docker daemon";
  try {
    const engine = openEngine(resolveEngineAddress(), TIMEOUT_MS);
    return { name, status: "ok", detail: await engine.version() };
  } catch (error) {
    return {
      name,
      status: "warning",
      detail: toErrorMessage(error),
      fix: "apt-get install docker.io && systemctl start docker",
    };
  }
}
