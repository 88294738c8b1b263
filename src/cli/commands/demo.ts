/**
 * `toolscript demo`: one question about expenses, answered three ways, or through the proxy.
 */
import type { Command } from "commander";
import type { RegisterJob } from "../job.ts";
import { addJsonOption, addSandboxOption } from "./options.ts";

interface DemoOptions {
  readonly json?: boolean;
  readonly proxy?: boolean;
  readonly sandbox: string;
}

/** Adds the command to the program. */
export function addDemoCommand(program: Command, register: RegisterJob): void {
  const command = program
    .command("demo")
    .description("audit travel expenses three ways and compare them (scripted model, no account needed)");
  addJsonOption(addSandboxOption(command));
  command.option("--proxy", "run it once, through the proxy and the official SDK for the Claude API");
  command.action(({ json = false, proxy = false, sandbox }: DemoOptions) => {
    register(async (signal) => {
      const run = proxy
        ? (await import("../demo/run-proxy-demo.ts")).runProxyDemo
        : (await import("../demo/run-demo.ts")).runDemo;
      return await run({ json, sandbox, signal });
    });
  });
}
