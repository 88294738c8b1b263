/**
 * Docker for the command line: with the default image, or, where that one cannot be had, with the one that
 * `npm run image:debian` has made on this machine, and then a line says so.
 */
import { isToolscriptError } from "../errors.ts";
import { DEFAULT_DOCKER_IMAGE, resolveDockerOptions } from "../sandbox/docker/docker-options.ts";
import { type DockerOptions, type DockerSandbox, docker } from "../sandbox/docker/docker.ts";
import { resolveEngineAddress } from "../sandbox/docker/engine-address.ts";
import { type Engine, openEngine } from "../sandbox/docker/engine.ts";

/** The image that a checkout makes without a registry. */
const LOCAL_IMAGE = "toolscript/python:debian";

/** Makes the sandbox; `say` gets the line. A missing daemon shows when the sandbox opens, not here. */
export async function dockerWithImage(
  say: (line: string) => void,
  options: DockerOptions = {},
): Promise<DockerSandbox> {
  const { container, requestTimeoutMs } = resolveDockerOptions(options);
  if (container.image !== DEFAULT_DOCKER_IMAGE) return docker(options);
  const engine = openEngine(resolveEngineAddress(options.host), requestTimeoutMs);
  if (!(await isMissing(engine, DEFAULT_DOCKER_IMAGE)) || (await isMissing(engine, LOCAL_IMAGE))) {
    return docker(options);
  }
  say(`The image "${DEFAULT_DOCKER_IMAGE}" is not on this machine: using "${LOCAL_IMAGE}"`);
  return docker({ ...options, image: LOCAL_IMAGE });
}

async function isMissing(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.imageVolumes(image);
    return false;
  } catch (error) {
    return isToolscriptError(error, "docker-image-missing");
  }
}
