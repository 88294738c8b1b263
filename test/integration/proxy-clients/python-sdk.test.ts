/**
 * The official Python SDK, unmodified: the newest version, and the last one before 1.0.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { QUESTION } from "../../../examples/expense-auditor/question.ts";
import { requireOrSkip } from "../../require.ts";
import { createUserFolder } from "../../user-folder.ts";
import { AUDIT_TIMEOUT_MS, type AuditServer, MODEL, startAuditServer } from "./audit-server.ts";
import { NEWEST_PYTHON_SDK, OLD_PYTHON_SDK, preparePython } from "./prepare-python.ts";

vi.setConfig({ testTimeout: AUDIT_TIMEOUT_MS, hookTimeout: AUDIT_TIMEOUT_MS });

const run = promisify(execFile);
const program = fileURLToPath(new URL("audit_client.py", import.meta.url));

const skip = await requireOrSkip("python-clients", async () => {
  for (const version of [NEWEST_PYTHON_SDK, OLD_PYTHON_SDK]) await preparePython(version);
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
    [NEWEST_PYTHON_SDK, "create"],
    [NEWEST_PYTHON_SDK, "stream"],
    [NEWEST_PYTHON_SDK, "async"],
    [NEWEST_PYTHON_SDK, "runner"],
    [OLD_PYTHON_SDK, "create"],
    [OLD_PYTHON_SDK, "stream"],
    [OLD_PYTHON_SDK, "runner"],
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
