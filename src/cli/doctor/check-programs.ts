/**
 * Node.js and Python on this machine.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toErrorMessage } from "../../errors.ts";
import { packageRoot } from "../user-path.ts";
import { type Check, readFirstLine } from "./check.ts";

/** Whether this Node.js is new enough to run the package. */
export function checkNode(): Check {
  const wanted = readWantedNode();
  const isEnough = compareVersions(process.versions.node, wanted) >= 0;
  const detail = `${process.versions.node}, wanted ${wanted} or newer`;
  return isEnough
    ? { name: "node", status: "ok", detail }
    : { name: "node", status: "missing", detail, fix: "Install Node.js 24: https://nodejs.org/en/download" };
}

/** Whether there is a `python3`: only the tests of the runner need it. */
export async function checkPython(): Promise<Check> {
  try {
    return { name: "python3", status: "ok", detail: await readFirstLine("python3", ["--version"]) };
  } catch (error) {
    return {
      name: "python3",
      status: "warning",
      detail: `only needed to work on Toolscript itself; ${toErrorMessage(error)}`,
      fix: "apt-get install python3",
    };
  }
}

function readWantedNode(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
    engines: { node: string };
  };
  return manifest.engines.node.replace(/^>=\s*/, "");
}

function compareVersions(left: string, right: string): number {
  return left.localeCompare(right, "en", { numeric: true });
}
