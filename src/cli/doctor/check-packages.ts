/**
 * npm packages that are not needed by everyone: is each here, and which version?
 */
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import type { Check } from "./check.ts";

/** What a package is needed for. */
interface OptionalPackage {
  readonly name: string;
  readonly use: string;
}

/** The packages behind the embedded sandbox. */
export const WASM_PACKAGES: readonly OptionalPackage[] = [
  { name: "deno", use: "the wasm sandbox" },
  { name: "pyodide", use: "the wasm sandbox" },
];

/** The packages behind AWS. */
export const AWS_PACKAGES: readonly OptionalPackage[] = [
  { name: "@aws-sdk/client-bedrock-runtime", use: "models named bedrock:ID" },
  { name: "@aws-sdk/client-bedrock-agentcore", use: "the agentcore sandbox" },
];

/** Looks for one package where this program would find it. */
export function checkPackage({ name, use }: OptionalPackage): Check {
  const version = readVersion(name);
  if (version !== undefined) return { name, status: "ok", detail: `${version}, for ${use}` };
  return { name, status: "warning", detail: `not installed; needed for ${use}`, fix: `npm install ${name}` };
}

function readVersion(name: string): string | undefined {
  try {
    const path = findPackageJSON(name, import.meta.url);
    if (path === undefined) return undefined;
    return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
  } catch {
    return undefined; // not resolvable: the same as not installed
  }
}
