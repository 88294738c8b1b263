import { describe, expect, test } from "vitest";
import { collectOutcome, runCli, startCli } from "../../../test/run-cli.ts";
import { createUserFolder } from "../../../test/user-folder.ts";

/** Starts the emulator on a free port and reads what it tells its user. */
async function startEmulator(
  cwd: string,
): Promise<{ stop(): Promise<number | null>; greeting: string; url: string }> {
  const child = startCli(["emulate", "bedrock", "--port", "0", "--scenario", "turns.json"], { cwd });
  const greeting = String(await new Promise((resolve) => child.stdout?.once("data", resolve)));
  return {
    greeting,
    url: /http:\/\/[\d.:]+/.exec(greeting)?.[0] ?? "",
    async stop() {
      const outcome = collectOutcome(child);
      child.kill("SIGINT");
      return (await outcome).exitCode;
    },
  };
}

/** The variables that a shell would set from the text's lines `export A=1 B=2`. */
function readExports(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.trim().startsWith("export "));
  const found = lines.flatMap((line) => [...line.matchAll(/(\w+)=(\S+)/g)]);
  return Object.fromEntries(found.map(([, name = "", value = ""]) => [name, value]));
}

describe("emulate bedrock", () => {
  test("emulate bedrock answers the AWS SDK when its own words are followed", async () => {
    await using folder = await createUserFolder({
      "turns.json": JSON.stringify([{ content: "Hello from the scenario" }]),
      "tools.js": "export const tools = [];",
    });
    const emulator = await startEmulator(folder.path);
    expect(emulator.greeting).toContain("no model is called");
    const args = ["run", "Hello?", "--tools", "tools.js", "--model", "bedrock:amazon.nova-pro-v1:0"];
    const outcome = await runCli(args, { cwd: folder.path, env: readExports(emulator.greeting) });
    expect(outcome).toMatchObject({ exitCode: 0, stdout: "Hello from the scenario\n" });
    expect(await emulator.stop()).toBe(130);
  });

  test("emulate bedrock exits with 2 when another program has the port", async () => {
    await using folder = await createUserFolder({ "turns.json": "[]" });
    const emulator = await startEmulator(folder.path);
    const { exitCode, stderr } = await runCli(["emulate", "bedrock", "--port", new URL(emulator.url).port]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("address already in use");
    await emulator.stop();
  });
});
