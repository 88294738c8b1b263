/**
 * Whether each sandbox works: it is started, not guessed at.
 */
import { readdir } from "node:fs/promises";
import { isToolscriptError, toErrorMessage } from "../../errors.ts";
import { defaultCacheFolder } from "../../sandbox/wasm/snapshot/cache-folder.ts";
import { checkFolder } from "../../sandbox/wasm/snapshot/own-files.ts";
import { SANDBOX_NAMES, resolveSandbox } from "../resolve-sandbox.ts";
import type { Check } from "./check.ts";

const FIXES: Readonly<Record<string, string>> = {
  wasm: "npm install deno pyodide",
  docker: "apt-get install docker.io && docker pull python:3.13-slim",
  agentcore: "Set AWS credentials and a region, and allow bedrock-agentcore:*CodeInterpreterSession",
};

/** Opens one interpreter of every sandbox that this build has and ends it again. */
export async function checkSandboxes(signal: AbortSignal): Promise<Check[]> {
  const checks: Check[] = [];
  for (const name of SANDBOX_NAMES) checks.push(await checkSandbox(name, signal)); // one by one: each is timed
  return checks;
}

/** Whether the snapshot, which makes the wasm sandbox start fast, is in the user's cache folder. */
export async function checkSnapshot(folder: string = defaultCacheFolder()): Promise<Check> {
  const name = "wasm snapshot";
  const trust = await checkFolder(folder).catch(() => undefined); // no such folder: nothing is kept
  if (trust !== undefined && "distrusted" in trust) {
    const detail = `each process builds its own, as others could change it: ${trust.distrusted}`;
    return { name, status: "warning", detail, fix: `chmod go-w "${folder}", and the folders above it` };
  }
  const files = trust === undefined ? [] : await readdir(trust.path);
  const isKept = files.some((file) => file.endsWith(".pysnapshot"));
  return isKept
    ? { name, status: "ok", detail: `kept in "${folder}"` }
    : {
        name,
        status: "warning",
        detail: `not in "${folder}" yet; the next start builds it, which takes some seconds`,
        fix: "toolscript exec - < /dev/null",
      };
}

async function checkSandbox(name: string, signal: AbortSignal): Promise<Check> {
  const label = `${name} sandbox`;
  try {
    return { name: label, status: "ok", detail: await startOnce(name, signal) };
  } catch (error) {
    if (isToolscriptError(error, "aborted")) throw error;
    const fix = FIXES[name];
    return {
      name: label,
      status: "missing",
      detail: toErrorMessage(error),
      ...(fix !== undefined && { fix }),
    };
  }
}

/** Opens and closes one interpreter; says what it was. */
async function startOnce(name: string, signal: AbortSignal): Promise<string> {
  const notes: string[] = [];
  const sandbox = await resolveSandbox(name, (line) => notes.push(line));
  try {
    const startedAt = performance.now();
    const session = await sandbox.open({ signal });
    const readyMs = Math.round(performance.now() - startedAt);
    await session.close();
    return [`Python ${session.python}, ready in ${readyMs} ms`, ...notes].join("; ");
  } finally {
    await sandbox.close();
  }
}
