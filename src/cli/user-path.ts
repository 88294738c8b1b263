/**
 * Paths as the user means them: relative to where the user stood when typing the command.
 */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of this package: the folder with its `package.json`, in a checkout as well as installed. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

/** npm scripts of a checkout that run this program on the user's behalf. */
const OWN_SCRIPTS = new Set(["toolscript", "demo"]);

/** Version of this package. */
export function readPackageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}

/** Makes a path of the command line absolute. */
export function resolveUserPath(path: string): string {
  return resolve(findUserFolder(process.env), path);
}

/**
 * Where the user stood. npm runs a script in the folder of its package and tells the user's own in `INIT_CWD`; that
 * counts only for this checkout's own scripts: in another package's script, paths are relative to that package.
 */
function findUserFolder(env: NodeJS.ProcessEnv): string {
  const isOwnScript =
    OWN_SCRIPTS.has(env["npm_lifecycle_event"] ?? "") &&
    env["npm_package_json"] === join(packageRoot, "package.json") &&
    process.cwd() === packageRoot;
  return (isOwnScript ? env["INIT_CWD"] : undefined) ?? process.cwd();
}

function findPackageRoot(folder: string): string {
  try {
    readFileSync(join(folder, "package.json"));
    return folder;
  } catch (error) {
    const parent = dirname(folder);
    if (parent === folder) throw error;
    return findPackageRoot(parent);
  }
}
