/**
 * `toolscript exec script.py`: runs a script with tools and without a model.
 */
import { readFile } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { toCellNotices } from "../../script/cell-result-text.ts";
import type { CellResult, ScriptRun } from "../../script/script-run.ts";
import { type ExecCall, ExecReport } from "../exec-report.ts";
import { EXIT_CODES, UsageError } from "../failure.ts";
import type { RegisterJob } from "../job.ts";
import { print } from "../output.ts";
import { createProgress, type Progress } from "../progress.ts";
import { resolveSandboxOrEmulator } from "../resolve-sandbox.ts";
import { loadToolsFile } from "../tools-file.ts";
import { resolveUserPath } from "../user-path.ts";
import { addJsonOption, addSandboxOption } from "./options.ts";

interface ExecOptions {
  readonly tools?: string;
  readonly sandbox: string;
  readonly json?: boolean;
}

/** What `--json` prints. Times in milliseconds. */
interface ExecJson {
  readonly stdout: string;
  readonly stderr: string;
  readonly returnCode: number;
  /** What the output does not show by itself, a sentence each: budgets that were met, output that was cut. Left out: nothing. */
  readonly notices?: readonly string[];
  readonly calls: readonly ExecCall[];
  readonly waves: number;
  readonly ms: number;
}

const EXAMPLES = `
Examples:
  $ toolscript exec report.py --tools tools.ts
  $ echo 'print(sum(range(10)))' | toolscript exec -`;

/** Adds the command to the program. */
export function addExecCommand(program: Command, register: RegisterJob): void {
  const command = program
    .command("exec <script>")
    .description('run a Python script in a sandbox, without a model ("-" reads it from standard input)')
    .option("--tools <file>", "file that exports the tools which the script may call");
  addJsonOption(addSandboxOption(command)).addHelpText("after", EXAMPLES);
  command.action((script: string, options: ExecOptions) =>
    register((signal) => exec(script, options, signal)),
  );
}

async function exec(path: string, options: ExecOptions, signal: AbortSignal): Promise<number> {
  const json = options.json === true;
  const tools = await loadToolsFile(options.tools);
  const code = await readScript(path, signal);
  const { openScriptSession } = await import("../../script/script-session.ts");
  const sandbox = await resolveSandboxOrEmulator(options.sandbox);
  const progress = createProgress({ quiet: json });
  try {
    progress.status("Starting the sandbox");
    await using session = await openScriptSession({ sandbox, tools, signal });
    progress.status("Running");
    const report = new ExecReport();
    const result = await follow(session.run(code, { signal }), report, progress, json);
    progress.close();
    if (json) print(process.stdout, `${JSON.stringify(toJson(result, report))}\n`);
    else {
      print(
        process.stderr,
        toCellNotices(result)
          .map((notice) => `[toolscript: ${notice}]\n`)
          .join(""),
      );
    }
    return result.returnCode === 0 ? EXIT_CODES.ok : EXIT_CODES.failed;
  } finally {
    progress.close();
    await sandbox.close();
  }
}

async function readScript(path: string, signal: AbortSignal): Promise<string> {
  if (path === "-") return await text(addAbortSignal(signal, process.stdin));
  try {
    return await readFile(resolveUserPath(path), "utf8");
  } catch (cause) {
    throw new UsageError(`Cannot read the script "${path}": it does not exist or may not be read`, { cause });
  }
}

async function follow(
  run: ScriptRun,
  report: ExecReport,
  progress: Progress,
  json: boolean,
): Promise<CellResult> {
  for await (const event of run) {
    report.add(event);
    if (event.type === "output" && !json) {
      progress.write(event.stream === "stdout" ? process.stdout : process.stderr, event.text);
    }
    progress.status(report.statusLine);
  }
  return await run.result;
}

function toJson(result: CellResult, report: ExecReport): ExecJson {
  const { stdout, stderr, returnCode, stats } = result;
  const notices = toCellNotices(result);
  const noticed = notices.length === 0 ? {} : { notices };
  return {
    stdout,
    stderr,
    returnCode,
    ...noticed,
    calls: report.calls,
    waves: stats.waves,
    ms: stats.totalMs,
  };
}
