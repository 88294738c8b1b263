/**
 * `toolscript doctor`: what is here, what is missing, the command that mends it.
 */
import type { Command } from "commander";
import type { Check } from "../doctor/check.ts";
import { checkCredentials, checkRegion, describeAgentCoreNetwork } from "../doctor/check-aws.ts";
import { checkDocker } from "../doctor/check-docker.ts";
import { AWS_PACKAGES, checkPackage, WASM_PACKAGES } from "../doctor/check-packages.ts";
import { checkNode, checkPython } from "../doctor/check-programs.ts";
import { checkSandboxes, checkSnapshot } from "../doctor/check-sandboxes.ts";
import { checkWall } from "../doctor/check-wall.ts";
import { EXIT_CODES } from "../failure.ts";
import type { RegisterJob } from "../job.ts";
import { print } from "../output.ts";
import { createProgress } from "../progress.ts";
import { addJsonOption } from "./options.ts";

interface DoctorOptions {
  readonly json?: boolean;
}

const COLORS = { ok: "green", warning: "yellow", missing: "red" } as const;
const STATUS_WIDTH = "warning".length;

/** Adds the command to the program. */
export function addDoctorCommand(program: Command, register: RegisterJob): void {
  const command = program
    .command("doctor")
    .description("show what is here, what is missing, and the command that mends it");
  addJsonOption(command).action((options: DoctorOptions) => register((signal) => doctor(options, signal)));
}

/** Succeeds when at least one sandbox works. */
async function doctor({ json = false }: DoctorOptions, signal: AbortSignal): Promise<number> {
  const progress = createProgress({ quiet: json });
  progress.status("Starting each sandbox");
  const sandboxes = await checkSandboxes(signal);
  const checks = [checkNode(), ...sandboxes, await checkWall(signal), ...(await checkSurroundings())];
  progress.close();
  const works = sandboxes.some((check) => check.status === "ok");
  if (json) print(process.stdout, `${JSON.stringify({ ok: works, checks })}\n`);
  else printChecks(checks, works);
  return works ? EXIT_CODES.ok : EXIT_CODES.failed;
}

async function checkSurroundings(): Promise<Check[]> {
  return [
    ...WASM_PACKAGES.map(checkPackage),
    await checkSnapshot(),
    await checkDocker(),
    ...AWS_PACKAGES.map(checkPackage),
    checkCredentials(process.env),
    checkRegion(process.env),
    describeAgentCoreNetwork(),
    await checkPython(),
  ];
}

function printChecks(checks: readonly Check[], works: boolean): void {
  const nameWidth = Math.max(...checks.map((check) => check.name.length));
  for (const { name, status, detail, fix } of checks) {
    const word = { style: COLORS[status], text: status.padEnd(STATUS_WIDTH) };
    print(process.stdout, word, `  ${name.padEnd(nameWidth)}  ${detail}\n`);
    if (fix !== undefined) print(process.stdout, `${" ".repeat(STATUS_WIDTH + nameWidth + 4)}→ ${fix}\n`);
  }
  print(process.stdout, works ? "Ready: at least one sandbox works\n" : "Not ready: no sandbox works here\n");
}
