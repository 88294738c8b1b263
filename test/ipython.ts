/**
 * A virtual environment with a real IPython kernel, for the tests that need one. Made once, kept in the temporary folder.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const PACKAGES = ["ipykernel==7.4.0", "jupyter_client==8.10.0"];
const INSTALL_TIMEOUT_MS = 240_000;
const BRIDGE = fileURLToPath(new URL("fixtures/ipython-kernel.py", import.meta.url));

/** The command that starts a real IPython kernel for the AgentCore emulator. Rejects where pip cannot install it. */
export async function ipythonKernelCommand(): Promise<readonly [string, ...string[]]> {
  const folder = join(
    tmpdir(),
    `toolscript-ipython-${process.getuid?.() ?? 0}-${PACKAGES.join("-").replaceAll(/[^\w.-]/g, "-")}`,
  );
  const python = join(folder, "bin", "python");
  if (!(await works(python))) await install(folder);
  return [python, BRIDGE];
}

async function works(python: string): Promise<boolean> {
  try {
    await run(python, ["-c", "import ipykernel, jupyter_client"]);
    return true;
  } catch {
    return false; // not there yet, or only in part
  }
}

/** Two at a time do no harm: each makes its own, the last one stays. */
async function install(folder: string): Promise<void> {
  const made = await mkdtemp(`${folder}-`);
  try {
    await run("python3", ["-m", "venv", made]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES];
    await run(join(made, "bin", "python"), pip, { timeout: INSTALL_TIMEOUT_MS });
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    throw error;
  }
}
