/**
 * The official Python SDK, each version in a virtual environment of its own. The environments are kept in the user's cache
 * folder; making one needs Python and a package index.
 */
import { execFile } from "node:child_process";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The newest version that is tried. */
export const NEWEST_PYTHON_SDK = "2.12.0";
/** The last one before 1.0. */
export const OLD_PYTHON_SDK = "0.125.0";
const cacheFolder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "toolscript-tests");

/** Path of a Python that has the SDK; made if it is not there. @throws when there is no Python or no package index */
export async function preparePython(version: string): Promise<string> {
  const folder = join(cacheFolder, `anthropic-${version}`);
  const python = join(folder, "bin", "python");
  if (await exists(join(folder, "ready"))) return python;
  await rm(folder, { recursive: true, force: true });
  await mkdir(cacheFolder, { recursive: true });
  await run("python3", ["-m", "venv", folder]);
  await run(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    `anthropic==${version}`,
  ]);
  await run(python, ["-c", "import anthropic"]);
  await mkdir(join(folder, "made"));
  await rename(join(folder, "made"), join(folder, "ready"));
  return python;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
