/**
 * Loads a user's TypeScript or JavaScript module.
 */
import { access } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { toErrorMessage } from "../errors.ts";
import { UsageError } from "./failure.ts";
import { installOwnPackageHook } from "./own-package-hook.ts";
import { resolveUserPath } from "./user-path.ts";

/** The exports of a module, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>;

/**
 * Imports the module at `path`, in which `toolscript` means the package that runs.
 *
 * @param kind - what the file is to the user, for messages: "tools file"
 * @throws {UsageError} when the file is not there or does not load
 */
export async function importUserModule(path: string, kind: string): Promise<ModuleExports> {
  const file = resolveUserPath(path);
  try {
    await access(file);
  } catch (cause) {
    throw new UsageError(`Cannot read the ${kind} "${path}": it does not exist or may not be read`, {
      cause,
    });
  }
  installOwnPackageHook();
  const { href } = pathToFileURL(file);
  try {
    return (await import(href)) as ModuleExports;
  } catch (cause) {
    const where = `${path}${findLine(cause, href)}`;
    throw new UsageError(`Cannot load the ${kind} "${where}": ${toErrorMessage(cause)}`, { cause });
  }
}

/** `:12` when the error's stack names line 12 of the module. */
function findLine(error: unknown, href: string): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const at = stack.indexOf(`${href}:`);
  const line = at === -1 ? undefined : /^\d+/.exec(stack.slice(at + href.length + 1))?.[0];
  return line === undefined ? "" : `:${line}`;
}
