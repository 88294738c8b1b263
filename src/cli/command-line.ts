/**
 * From arguments to an exit code: declares the commands, runs the one that was asked for.
 *
 * A command registers a job while the arguments are parsed; the job runs afterwards, so that bad usage never starts one.
 */
import { Command, CommanderError } from "commander";
import { addDemoCommand } from "./commands/demo.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEmulateCommand } from "./commands/emulate.ts";
import { addExecCommand } from "./commands/exec.ts";
import { addGuardCommand } from "./commands/guard.ts";
import { addKeysCommand } from "./commands/keys.ts";
import { addRunCommand } from "./commands/run.ts";
import { addServeCommand } from "./commands/serve.ts";
import { EXIT_CODES } from "./failure.ts";
import { type RegisterJob, runJob } from "./job.ts";
import { print } from "./output.ts";
import { readPackageVersion } from "./user-path.ts";

const EXAMPLES = `
Examples:
  $ toolscript demo
  $ toolscript run "Who is over budget?" --tools tools.ts --model bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0
  $ toolscript exec report.py --tools tools.ts --json
  $ toolscript serve --upstream bedrock --region eu-central-1
  $ toolscript emulate bedrock --port 4010 --scenario scenario.json
  $ toolscript doctor

Exit codes: 0, 1 when the job failed, 2 for bad usage. TOOLSCRIPT_DEBUG=1 shows the stack of an error.`;

const COMMANDS = [
  addDemoCommand,
  addRunCommand,
  addExecCommand,
  addServeCommand,
  addKeysCommand,
  addEmulateCommand,
  addDoctorCommand,
  addGuardCommand,
];

/** Runs one command line, without the names of the program, and returns the exit code. Never rejects. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let run: (() => Promise<number>) | undefined;
  const program = createProgram((job, options) => {
    run = () => runJob(job, options);
  });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  }
  return run === undefined ? EXIT_CODES.usage : await run();
}

function createProgram(register: RegisterJob): Command {
  const program = new Command("toolscript")
    .description("Programmatic tool calling for any model on Amazon Bedrock, self-hosted")
    .version(readPackageVersion(), "-V, --version", "print the version")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => print(process.stdout, text),
      writeErr: (text) => print(process.stderr, text),
      outputError: (text, write) => write(`${text}hint: see "toolscript --help"\n`),
    });
  for (const add of COMMANDS) add(program, register);
  return program;
}
