/**
 * Decides whether a test that needs something from outside (a daemon, a program) runs, is skipped, or fails.
 *
 * A skip is always visible. Where everything ought to be there, the variable `TOOLSCRIPT_REQUIRE` names, separated by
 * commas, what must not be missing: then its absence fails the tests instead of hiding them.
 */
import { test } from "vitest";

/** What tests may need from outside. */
export type Requirement =
  | "agentcore"
  | "chromium"
  | "claude-code"
  | "curl"
  | "docker"
  | "ipython"
  | "netns"
  | "openssl"
  | "python"
  | "python-clients"
  | "redis"
  | "root";

/** Says whether the requirement is met: a version, true, nothing, or a promise of one of them. */
export type Probe = () => unknown;

/**
 * Whether tests that need `name` are to be skipped: `describe.skipIf(await requireOrSkip("docker", probe))`.
 *
 * A missing requirement registers one skipped test that says so, or, if `TOOLSCRIPT_REQUIRE` names it, one that fails.
 *
 * @param probe - truthy when it is there; a throw counts as missing and its message is shown
 */
export async function requireOrSkip(name: Requirement, probe: Probe): Promise<boolean> {
  const missing = await findWhyMissing(probe);
  if (missing === undefined) return false;
  if (isRequired(name)) {
    test(`needs "${name}", which TOOLSCRIPT_REQUIRE names`, () => {
      throw new Error(`"${name}" is required here and missing: ${missing}`);
    });
  } else {
    test.skip(`needs "${name}", which is missing here: ${missing}`, () => {});
  }
  return true;
}

function isRequired(name: Requirement): boolean {
  const required = process.env["TOOLSCRIPT_REQUIRE"] ?? "";
  return required.split(",").some((entry) => entry.trim() === name);
}

async function findWhyMissing(probe: Probe): Promise<string | undefined> {
  try {
    return (await probe()) ? undefined : "not found";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
