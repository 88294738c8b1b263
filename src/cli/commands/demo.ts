/**
 * `toolscript demo`: one question about expenses, answered three ways.
 */
import type { Command } from "commander";
import type { RegisterJob } from "../job.ts";
import { addJsonOption, addSandboxOption } from "./options.ts";

interface DemoOptions {
  readonly json?: boolean;
  readonly sandbox: string;
}

/** Adds the command to the program. */
export function addDemoCommand(program: Command, register: RegisterJob): void {
  const command = program
    .command("demo")
    .description("audit travel expenses three ways and compare them (scripted model, no account needed)");
  addJsonOption(addSandboxOption(command));
  command.action((options: DemoOptions) => {
    register(async (signal) => {
      const { runDemo } = await import("../demo/run-demo.ts");
      return await runDemo({ json: options.json === true, sandbox: options.sandbox, signal });
    });
  });
}
