/**
 * The WASM sandbox with a guest that does not close up: the same programs, but what `guest/close-up.ts` does is left out. For
 * controls.
 */
import { chmod, cp, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { guestProgram } from "../../../src/sandbox/wasm/guest-program.ts";
import { findPrograms } from "../../../src/sandbox/wasm/programs.ts";
import { wasm } from "../../../src/sandbox/wasm/wasm.ts";

/** Gives the sandbox to `use` and closes it again. Needs a shell: Deno is started through a script of one. */
export async function withOpenGuests<T>(use: (sandbox: ReturnType<typeof wasm>) => Promise<T>): Promise<T> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "toolscript-probe-open-")));
  await cp(dirname(guestProgram()), folder, { recursive: true });
  await writeFile(join(folder, "close-up.js"), "export const prepareToCloseUp = () => () => {};\n");
  const denoPath = join(folder, "deno");
  await writeFile(denoPath, startOther(folder));
  await chmod(denoPath, 0o700);
  const sandbox = wasm({ denoPath, cacheDir: join(folder, "cache"), wall: "if-available" });
  try {
    return await use(sandbox);
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts another program in the place of the guest's, and lets it be read. */
const startOther = (folder: string): string => `#!/bin/sh
for argument; do
  shift
  case "$argument" in
    */main.js) argument='${join(folder, "main.js")}' ;;
    --allow-read=*) argument="$argument,${folder}" ;;
  esac
  set -- "$@" "$argument"
done
exec '${findPrograms().deno}' "$@"
`;
