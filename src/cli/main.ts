#!/usr/bin/env node
/**
 * The `toolscript` command. Parsing and printing only: what a command does lives in the layers below.
 */
import { runCommandLine } from "./command-line.ts";
import { EXIT_CODES, printFailure, isDebug } from "./failure.ts";
import { ignoreClosedOutput } from "./job.ts";
import { printWarningsPlainly } from "./warnings.ts";

let finished = false;

ignoreClosedOutput();
printWarningsPlainly({ debug: isDebug() });
// Node.js ends when nothing is left that could wake it, also when a user's module waits for something forever.
process.once("exit", () => {
  if (finished) return;
  printFailure(new Error("The command ended before it was done: nothing can go on"));
  process.exitCode = EXIT_CODES.failed;
});
void runCommandLine(process.argv.slice(2)).then((exitCode) => {
  finished = true;
  process.exitCode = exitCode;
});
