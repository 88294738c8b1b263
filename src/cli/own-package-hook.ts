/**
 * Lets a tools file import `toolscript` from anywhere: the name means the very package that runs, whether it is a
 * checkout, a global install or a dependency, so that no second copy of it is loaded.
 *
 * `zod`, with which tools describe their input, is the file's own where it has one and otherwise this package's.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "./user-path.ts";

const FALLBACK_PACKAGE = "zod";

let installed = false;

/** Installs the hook for this process. Safe to call twice. */
export function installOwnPackageHook(): void {
  if (installed) return;
  installed = true;
  const entries = readOwnEntries();
  registerHooks({
    resolve(specifier, context, next) {
      const url = entries.get(specifier);
      if (url !== undefined) return { url, shortCircuit: true };
      if (!isFallback(specifier)) return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}

function isFallback(specifier: string): boolean {
  return specifier === FALLBACK_PACKAGE || specifier.startsWith(`${FALLBACK_PACKAGE}/`);
}

/** The package's subpaths with their modules: those of `dist/` when that runs, the sources of a checkout otherwise. */
function readOwnEntries(): Map<string, string> {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, unknown>;
  };
  const fromSource = import.meta.url.endsWith(".ts");
  const entries = new Map<string, string>();
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    const file = findTarget(target);
    if (file === undefined || !file.endsWith(".js")) continue;
    const path = fromSource ? file.replace("./dist/", "./").replace(/\.js$/, ".ts") : file;
    entries.set(`${manifest.name}${subpath.slice(1)}`, pathToFileURL(join(packageRoot, path)).href);
  }
  return entries;
}

/** The module behind one entry of `exports`, written plainly or with conditions. */
function findTarget(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  const conditions = target as Record<string, unknown> | null;
  const file = conditions?.["default"] ?? conditions?.["import"];
  return typeof file === "string" ? file : undefined;
}
