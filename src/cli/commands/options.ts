/**
 * Options that several commands share.
 */
import { type Command, Option } from "commander";
import { DEFAULT_SANDBOX, SANDBOX_NAMES } from "../resolve-sandbox.ts";

/** Adds `--sandbox`. */
export function addSandboxOption(command: Command): Command {
  const option = new Option("--sandbox <name>", "where scripts run");
  return command.addOption(option.choices(SANDBOX_NAMES).default(DEFAULT_SANDBOX));
}

/** Adds `--json`. */
export function addJsonOption(command: Command): Command {
  return command.option("--json", "print one JSON object instead of text");
}
