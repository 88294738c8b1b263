/**
 * Which walls stand around the processes of the wasm sandbox on this machine: looked at, around a session that was opened.
 */
import { isToolscriptError, toErrorMessage } from "../../errors.ts";
import { wasm } from "../../sandbox/wasm/wasm.ts";
import type { Check } from "./check.ts";

const NAME = "wasm wall";

/** Opens a session that does with what wall there is, and says what the kernel says of it. */
export async function checkWall(signal: AbortSignal): Promise<Check> {
  const sandbox = wasm({ wall: "if-available" });
  try {
    const { wall } = await sandbox.open({ signal });
    return wall.stands ? STANDING : missing(wall.missing);
  } catch (error) {
    if (isToolscriptError(error, "aborted")) throw error;
    return { name: NAME, status: "warning", detail: `not looked at: ${toErrorMessage(error)}` };
  } finally {
    await sandbox.close();
  }
}

const STANDING: Check = {
  name: NAME,
  status: "ok",
  detail: "the kernel's (system calls, memory, end with the host) and Deno's permissions",
};

function missing(detail: string): Check {
  return {
    name: NAME,
    status: "warning",
    detail: `Deno's permissions alone, without the kernel's: ${detail}`,
    fix: "Run the host on Linux, or in a container or virtual machine, where scripts may be hostile",
  };
}
