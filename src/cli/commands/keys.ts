/**
 * `toolscript keys`: makes, lists and removes the keys that a server knows its clients by.
 */
import { type Command, InvalidArgumentError } from "commander";
import Table from "cli-table3";
import { addKey, type NewKey, removeKey } from "../../proxy/access/edit-key-file.ts";
import { readKeyFile } from "../../proxy/access/key-file.ts";
import type { KeyRecord } from "../../proxy/access/key-record.ts";
import { EXIT_CODES } from "../failure.ts";
import type { RegisterJob } from "../job.ts";
import { print } from "../output.ts";
import { resolveUserPath } from "../user-path.ts";
import { addJsonOption } from "./options.ts";

interface FileOptions {
  readonly file: string;
}

interface AddOptions extends FileOptions {
  readonly expires?: string;
  readonly model?: readonly string[];
  readonly requestsPerMinute?: number;
  readonly maxConcurrentRequests?: number;
  readonly maxContainers?: number;
  readonly maxRunningScripts?: number;
}

const DAY_MS = 86_400_000;

/** Adds the commands to the program. */
export function addKeysCommand(program: Command, register: RegisterJob): void {
  const keys = program
    .command("keys")
    .description("make, list and remove keys for the clients of `toolscript serve`");
  withFile(keys.command("add <name>"))
    .description("make a key and print it, this once")
    .option(
      "--expires <when>",
      "a date (2027-01-31), a time in ISO 8601, or days from now (90d)",
      parseExpiry,
    )
    .option("--model <glob...>", "models that the key may use, * for any characters (default: all)")
    .option("--requests-per-minute <number>", "limit of requests", parseCount)
    .option("--max-concurrent-requests <number>", "limit of requests at once", parseCount)
    .option(
      "--max-containers <number>",
      "limit of containers at once; 0 allows no code execution (default: 100, with half of all interpreters)",
      parseCount,
    )
    .option(
      "--max-running-scripts <number>",
      "limit of scripts that run at once (default: half of all that may)",
      parseCount,
    )
    .action((name: string, options: AddOptions) => register(() => add(name, options)));
  addJsonOption(
    withFile(keys.command("list")).description("list the keys; what they are is known to nobody"),
  ).action((options: FileOptions & { readonly json?: boolean }) => register(() => list(options)));
  withFile(keys.command("remove <name>"))
    .description("remove a key; a running server stops taking it within seconds")
    .action((name: string, options: FileOptions) => register(() => remove(name, options)));
}

function withFile(command: Command): Command {
  return command.requiredOption("--file <file>", "the keys file");
}

function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Wanted a whole number.");
}

function parseExpiry(text: string): string {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  const date = days === undefined ? new Date(text) : new Date(Date.now() + Number(days) * DAY_MS);
  if (Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError("Wanted a date such as 2027-01-31, or 90d.");
  }
  if (date.getTime() <= Date.now()) throw new InvalidArgumentError("Wanted a time that is still to come.");
  return date.toISOString();
}

async function add(name: string, { file, ...options }: AddOptions): Promise<number> {
  const key = await addKey(resolveUserPath(file), toNewKey(name, options));
  print(
    process.stderr,
    `The key "${name}" is in "${file}" as a hash. This is the only time that it is shown:\n`,
  );
  print(process.stdout, `${key}\n`);
  return EXIT_CODES.ok;
}

function toNewKey(name: string, options: Omit<AddOptions, "file">): NewKey {
  const { expires, model, requestsPerMinute, maxConcurrentRequests } = options;
  const { maxContainers, maxRunningScripts } = options;
  const limits = {
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(maxConcurrentRequests === undefined ? {} : { maxConcurrentRequests }),
    ...(maxContainers === undefined ? {} : { maxContainers }),
    ...(maxRunningScripts === undefined ? {} : { maxRunningScripts }),
  };
  return {
    name,
    ...(expires === undefined ? {} : { expiresAt: expires }),
    ...(model === undefined ? {} : { models: [...model] }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

async function list({ file, json }: FileOptions & { readonly json?: boolean }): Promise<number> {
  const records = await readKeyFile(resolveUserPath(file));
  if (json === true) print(process.stdout, `${JSON.stringify({ keys: records })}\n`);
  else print(process.stdout, `${toTable(records)}\n`);
  return EXIT_CODES.ok;
}

function toTable(records: readonly KeyRecord[]): string {
  const table = new Table({
    head: ["name", "made", "expires", "models", "requests/min", "at once", "containers", "scripts"],
    style: { head: [], border: [] },
  });
  for (const { name, createdAt, expiresAt, models, limits = {} } of records) {
    const { requestsPerMinute = "–", maxConcurrentRequests = "–" } = limits;
    const { maxContainers = "–", maxRunningScripts = "–" } = limits;
    const when =
      expiresAt !== undefined && Date.parse(expiresAt) <= Date.now() ? `${expiresAt} (over)` : expiresAt;
    const allowed = models?.join(", ") ?? "all";
    table.push([
      name,
      createdAt ?? "–",
      when ?? "never",
      allowed,
      requestsPerMinute,
      maxConcurrentRequests,
      maxContainers,
      maxRunningScripts,
    ]);
  }
  return table.toString();
}

async function remove(name: string, { file }: FileOptions): Promise<number> {
  await removeKey(resolveUserPath(file), name);
  print(process.stderr, `The key "${name}" is no longer in "${file}"\n`);
  return EXIT_CODES.ok;
}
