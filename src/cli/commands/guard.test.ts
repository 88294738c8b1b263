import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TEST_IMAGE, probeDocker } from "../../../test/docker-engine.ts";
import { requireOrSkip } from "../../../test/require.ts";
import { collectOutcome, runCli, startCli } from "../../../test/run-cli.ts";
import { createUserFolder } from "../../../test/user-folder.ts";

async function startGuardCommand(args: readonly string[], cwd: string) {
  const child = startCli(["guard", ...args], { cwd });
  const outcome = collectOutcome(child);
  const greeting = await new Promise<string>((resolve) => child.stdout?.once("data", resolve));
  return {
    greeting,
    async stop() {
      child.kill("SIGTERM");
      return await outcome;
    },
  };
}

describe("guard", () => {
  test("guard exits with 2 when an option cannot be used", async () => {
    const noImage = await runCli(["guard", "--listen", "/tmp/g"]);
    const noGroup = await runCli(["guard", "--listen", "/tmp/g", "--image", "i", "--group", "no-such-group"]);
    const wrongMode = await runCli(["guard", "--listen", "/tmp/g", "--image", "i", "--mode", "rw"]);
    expect([noImage.exitCode, noGroup.exitCode, wrongMode.exitCode]).toEqual([2, 2, 2]);
    expect(noGroup.stderr).toContain("has no such group\nhint: Name one that exists, or its number");
  });
});

describe.skipIf(await requireOrSkip("docker", probeDocker))("guard before a daemon", () => {
  test("guard lets exec run a script, and writes what it refuses as JSON", async () => {
    await using folder = await createUserFolder({ "hello.py": "print('hello')" });
    const socketPath = join(folder.path, "g");
    const guard = await startGuardCommand(["--listen", socketPath, "--image", TEST_IMAGE], folder.path);
    const run = (image: string) =>
      runCli(["exec", "hello.py", "--sandbox", "docker"], {
        cwd: folder.path,
        env: { DOCKER_HOST: `unix://${socketPath}`, TOOLSCRIPT_DOCKER_IMAGE: image },
      });
    const good = await run(TEST_IMAGE);
    const refused = await run("debian:latest");
    const { exitCode, stderr } = await guard.stop();
    expect(guard.greeting).toContain(`export DOCKER_HOST=unix://${socketPath}`);
    expect(good).toMatchObject({ exitCode: 0, stdout: "hello\n" });
    expect(refused).toMatchObject({ exitCode: 1 });
    const lines = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ event: "created" }) as unknown,
        expect.objectContaining({ event: "refused", status: 403, method: "GET" }) as unknown,
      ]),
    );
    expect(exitCode).toBe(143);
    expect(existsSync(socketPath)).toBe(false);
  });
});
