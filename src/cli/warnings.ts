/**
 * Warnings of the process, as one plain line each.
 *
 * Node.js prints its own with process id and advice for the author of a program; to its user they are noise.
 */

import { print } from "./output.ts";

/** What a user of the command line can do nothing about, by code. */
const NOISE_CODES = new Set(["MODULE_TYPELESS_PACKAGE_JSON"]);

/** Replaces how this process prints warnings. Everything is shown when `debug` is set. */
export function printWarningsPlainly({ debug }: { readonly debug: boolean }): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning: Error & { code?: string }) => {
    const isNoise = warning.name === "ExperimentalWarning" || NOISE_CODES.has(warning.code ?? "");
    if (debug || !isNoise) print(process.stderr, `warning: ${warning.message}\n`);
  });
}
