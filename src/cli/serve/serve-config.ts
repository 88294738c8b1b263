/**
 * The configuration of `toolscript serve`: a JSON file, over which the command line wins.
 *
 * Guarantee: an unknown or wrong setting ends the start with its name and never goes unnoticed. Paths in the file are
 * relative to the file, paths on the command line to where the user stands.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import * as z from "zod";
import { toErrorMessage } from "../../errors.ts";
import { UsageError } from "../failure.ts";
import { SANDBOX_NAMES } from "../resolve-sandbox.ts";
import { resolveUserPath } from "../user-path.ts";

/** Services that a server can put its requests to. */
export const UPSTREAMS = ["bedrock", "anthropic"] as const;
/** Forms of responses that needed no sample, when they are streamed. */
export const UNSAMPLED_STREAMS = ["standard", "prefilled"] as const;

const count = z.int().min(1).max(1_000_000);
const milliseconds = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

const configSchema = z.strictObject({
  host: z.string().min(1).optional(),
  port: z.int().min(0).max(65_535).optional(),
  upstream: z.enum(UPSTREAMS).optional(),
  upstreamUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** How the key of an Anthropic-compatible upstream is sent. */
  upstreamAuth: z.enum(["x-api-key", "bearer"]).optional(),
  region: z.string().min(1).optional(),
  /** Names of clients → names of the upstream; of an ARN that does not say which model it is, with the model's own name. */
  models: z
    .record(
      z.string().min(1),
      z.union([z.string().min(1), z.strictObject({ id: z.string().min(1), model: z.string().min(1) })]),
    )
    .optional(),
  /** Where a model without an inference profile in the region's geography is served. */
  outsideGeography: z.enum(["global", "never"]).optional(),
  sandbox: z.enum(SANDBOX_NAMES as [string, ...string[]]).optional(),
  docker: z
    .strictObject({
      image: z.string().min(1).optional(),
      host: z.string().min(1).optional(),
      runtime: z.string().min(1).optional(),
      memoryMb: z.int().optional(),
      cpus: z.number().optional(),
      pids: z.int().optional(),
      tmpfsMb: z.int().optional(),
      /** Containers started ahead. */
      warm: z.int().min(0).optional(),
    })
    .optional(),
  wasm: z
    .strictObject({ memoryMb: z.int().optional(), wall: z.enum(["required", "if-available"]).optional() })
    .optional(),
  agentcore: z
    .strictObject({
      identifier: z.string().min(1).optional(),
      /** @default the server's region */
      region: z.string().min(1).optional(),
      endpoint: z.url({ protocol: /^https?$/ }).optional(),
      profile: z.string().min(1).optional(),
      name: z.string().min(1).optional(),
      sessionTimeoutSeconds: z.int().optional(),
      invocationsPerSecond: z.number().min(0).optional(),
      /** Sessions started ahead; they cost money while they wait. */
      warm: z.int().min(0).optional(),
    })
    .optional(),
  keys: z.string().min(1).optional(),
  unsampledStream: z.enum(UNSAMPLED_STREAMS).optional(),
  maxSamples: count.optional(),
  pingMs: milliseconds.optional(),
  stallMs: milliseconds.optional(),
  maxBodyBytes: z.int().min(1).optional(),
  maxBodiesBytes: z.int().min(1).optional(),
  containerIdleMs: milliseconds.optional(),
  containerLifetimeMs: milliseconds.optional(),
  /** Megabytes of all interpreters together, each with all that its sandbox allows it. */
  interpretersMemoryMb: count.optional(),
  /** In place of what follows from the memory. */
  maxInterpreters: count.optional(),
  hopMs: milliseconds.optional(),
  graceMs: z.int().min(0).max(3_600_000).optional(),
  maxUnreadBytes: z.int().min(1).optional(),
  maxRunningScripts: count.optional(),
  maxQueuedScripts: z.int().min(0).max(1_000_000).optional(),
  scriptQueueMs: milliseconds.optional(),
  shutdownMs: z.int().min(0).max(3_600_000).optional(),
  logBodies: z.boolean().optional(),
  /** Whether pages of browsers that opt in may read answers. */
  browserAccess: z.enum(["opt-in", "off"]).optional(),
  /** Budgets of a script. */
  limits: z
    .strictObject({
      runningMs: milliseconds.optional(),
      totalMs: z.union([z.literal(0), milliseconds]).optional(),
      idleRunningMs: milliseconds.optional(),
      callMs: milliseconds.optional(),
      interruptGraceMs: milliseconds.optional(),
      maxCalls: count.optional(),
      maxCallsInFlight: count.optional(),
      maxInputBytesInFlight: z.int().min(1).optional(),
      maxOutputBytes: z.int().min(1).optional(),
      maxResultBytes: z.int().min(1).optional(),
    })
    .optional(),
});

/** Settings of a server; what is not there has its default. */
export type ServeConfig = z.infer<typeof configSchema>;

/** Puts flags over the file that they name. @throws {UsageError} when the file or a setting cannot be used */
export async function loadServeConfig(flags: ServeConfig, file: string | undefined): Promise<ServeConfig> {
  const fromFile = file === undefined ? {} : await readConfigFile(file);
  const fromFlags = parseConfig(flags, "command line");
  const keys = fromFlags.keys === undefined ? fromFile.keys : resolveUserPath(fromFlags.keys);
  return { ...fromFile, ...fromFlags, ...(keys === undefined ? {} : { keys }) };
}

async function readConfigFile(file: string): Promise<ServeConfig> {
  const path = resolveUserPath(file);
  const source = `configuration file "${file}"`;
  const config = parseConfig(parseJson(await readText(path, source), source), source);
  return config.keys === undefined ? config : { ...config, keys: resolve(dirname(path), config.keys) };
}

async function readText(path: string, source: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new UsageError(`Cannot read the ${source}: ${toErrorMessage(cause)}`, { cause });
  }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`Cannot read the ${source}: ${toErrorMessage(cause)}`, { cause });
  }
}

function parseConfig(value: unknown, source: string): ServeConfig {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) =>
    [path.join("."), message].filter(Boolean).join(": "),
  );
  throw new UsageError(`Cannot use the ${source}: ${issues.join("; ")}`, {
    hint: "docs/proxy.md names every setting",
  });
}
