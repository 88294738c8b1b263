/**
 * What `npm i toolscript` brings along. Everything in it runs with the rights of the host: few packages, and none that
 * runs a program when it is installed.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** An entry of the lock file, as far as it says who needs the package. */
interface LockedPackage {
  readonly dev?: true;
  readonly optional?: true;
  readonly devOptional?: true;
  readonly peer?: true;
  readonly hasInstallScript?: true;
}

const MAX_PRODUCTION_PACKAGES = 45;

const lockFile = fileURLToPath(new URL("../package-lock.json", import.meta.url));

/** Packages that are always there: needed at run time, neither optional nor left to the user. */
function readProductionPackages(): [path: string, locked: LockedPackage][] {
  const { packages } = JSON.parse(readFileSync(lockFile, "utf8")) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(packages).filter(([path, { dev, optional, devOptional, peer }]) => {
    return path !== "" && !(dev ?? optional ?? devOptional ?? peer ?? false);
  });
}

test("the package needs few others, each of which is one more to trust", () => {
  const paths = readProductionPackages().map(([path]) => path);
  expect(paths).toContain("node_modules/zod");
  expect(paths.length).toBeLessThanOrEqual(MAX_PRODUCTION_PACKAGES);
});

test("no package that is needed runs a script when it is installed", () => {
  const scripted = readProductionPackages().filter(([, { hasInstallScript }]) => hasInstallScript === true);
  expect(scripted).toEqual([]);
});
