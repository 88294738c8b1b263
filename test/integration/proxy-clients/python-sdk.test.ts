/**
 * The official Python SDK, unmodified: the newest version, and the last one before 1.0, each in a virtual environment of
 * its own. The environments are kept in the user's cache folder; making one needs Python and a package index.
 */
import { execFile } from "node:child_process";
import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import { requireOrSkip } from "../../require.ts";
import { createUserFolder } from "../../user-folder.ts";
import { AUDIT_TIMEOUT_MS, type AuditServer, MODEL, startAuditServer } from "./audit-server.ts";

vi.setConfig({ testTimeout: AUDIT_TIMEOUT_MS, hookTimeout: AUDIT_TIMEOUT_MS });

const run = promisify(execFile);
const program = fileURLToPath(new URL("audit_client.py", import.meta.url));

const NEWEST = "2.12.0";
const BEFORE_ONE = "0.125.0";
const cacheFolder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "toolscript-tests");

/** Path of a Python that has the SDK; made if it is not there. @throws when there is no Python or no package index */
async function preparePython(version: string): Promise<string> {
  const folder = join(cacheFolder, `anthropic-${version}`);
  const python = join(folder, "bin", "python");
  if (await exists(join(folder, "ready"))) return python;
  await rm(folder, { recursive: true, force: true });
  await mkdir(cacheFolder, { recursive: true });
  await run("python3", ["-m", "venv", folder]);
  await run(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    `anthropic==${version}`,
  ]);
  await run(python, ["-c", "import anthropic"]);
  await mkdir(join(folder, "made"));
  await rename(join(folder, "made"), join(folder, "ready"));
  return python;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

const skip = await requireOrSkip("python-clients", async () => {
  for (const version of [NEWEST, BEFORE_ONE]) await preparePython(version);
  return true;
});

describe.skipIf(skip)("the Python SDK", () => {
  let server: AuditServer;
  beforeAll(async () => {
    server = await startAuditServer();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());
  beforeEach(() => server.clearSamples());

  test.each([
    [NEWEST, "create"],
    [NEWEST, "stream"],
    [NEWEST, "async"],
    [NEWEST, "runner"],
    [BEFORE_ONE, "create"],
    [BEFORE_ONE, "stream"],
    [BEFORE_ONE, "runner"],
  ])("anthropic %s runs the audit with two samples by %s", async (version, mode) => {
    const audit = {
      model: MODEL,
      question: QUESTION,
      tools: server.declarations,
      answers: JSON.parse(await readFile(server.answersFile, "utf8")) as unknown,
    };
    await using folder = await createUserFolder({ "audit.json": JSON.stringify(audit) });
    const env = { ...process.env, ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: server.key };
    const python = await preparePython(version);
    const { stdout } = await run(python, [program, mode, join(folder.path, "audit.json")], { env });
    expect(server.judge(stdout)).toBe("correct");
    expect(server.samples).toHaveLength(2);
  });
});
