import { describe, expect, test } from "vitest";
import { runCli } from "../../../test/run-cli.ts";

const SECRET = "this-must-never-be-printed";

describe("doctor", () => {
  test("doctor succeeds and shows the command that mends what is missing when one sandbox works", async () => {
    const env = { AWS_REGION: "", AWS_DEFAULT_REGION: "", AWS_CONFIG_FILE: "/nonexistent" };
    const { exitCode, stdout } = await runCli(["doctor"], { env });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ok {7}wasm sandbox +Python 3\.\d+\.\d+, ready in \d+ ms$/m);
    const wall =
      process.platform === "linux" ? /^ok {7}wasm wall +the kernel's / : /^warning {2}wasm wall +Deno's /;
    expect(stdout).toMatch(new RegExp(wall.source, "m"));
    expect(stdout).toMatch(/^warning {2}AWS region +not set.*\n +→ export AWS_REGION=/m);
    expect(stdout).toContain("Ready: at least one sandbox works\n");
  });

  test("doctor --json tells the source of credentials and never what is in it when there are some", async () => {
    const { exitCode, stdout, stderr } = await runCli(["doctor", "--json"], {
      env: { AWS_ACCESS_KEY_ID: SECRET, AWS_SECRET_ACCESS_KEY: SECRET, AWS_BEARER_TOKEN_BEDROCK: "" },
    });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(process.platform === "linux" ? /^$/ : /without the kernel's wall/);
    expect(stdout).not.toContain(SECRET);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; status: string }[] };
    expect(ok).toBe(true);
    expect(checks).toContainEqual({
      name: "AWS credentials",
      status: "ok",
      detail: "an access key, from AWS_ACCESS_KEY_ID (not tried)",
    });
    const statuses = new Set(checks.map((check) => check.status));
    expect([...statuses].filter((status) => !["ok", "warning", "missing"].includes(status))).toEqual([]);
  });
});
