import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { collectOutcome, runCli, startCli } from "../../../test/run-cli.ts";
import { createUserFolder } from "../../../test/user-folder.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** A user's file: outside of the package, which it imports by name, in TypeScript, with Zod. */
const TOOLS = `
  import { tool } from "toolscript";
  import * as z from "zod";

  export const tools = [
    tool({
      name: "get_number",
      description: "Returns the number, doubled",
      input: z.object({ n: z.int() }),
      execute: ({ n }: { n: number }) => 2 * n,
    }),
    tool({
      name: "break_down",
      description: "Always fails",
      input: { type: "object", properties: {} },
      execute: () => { throw new Error("out of order"); },
    }),
  ];
`;

const SCRIPT = `
import asyncio, sys
print(await asyncio.gather(get_number(n=1), get_number(n=2)))
try:
    await break_down()
except ToolError as error:
    print("caught:", error, file=sys.stderr)
`;

describe("exec", () => {
  test("exec --json prints exactly the promised object when a script calls tools", async () => {
    await using folder = await createUserFolder({ "tools.ts": TOOLS, "x.py": SCRIPT });
    const args = ["exec", "x.py", "--tools", "tools.ts", "--json"];
    const { exitCode, stdout, stderr } = await runCli(args, { cwd: folder.path });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const ms: unknown = expect.any(Number);
    expect(JSON.parse(stdout)).toEqual({
      stdout: "[2, 4]\n",
      stderr: expect.stringContaining("caught:") as unknown,
      returnCode: 0,
      calls: [
        { tool: "get_number", input: { n: 1 }, ms },
        { tool: "get_number", input: { n: 2 }, ms },
        { tool: "break_down", input: {}, ms, error: expect.stringContaining("out of order") as unknown },
      ],
      waves: 2,
      ms,
    });
  });

  test("exec passes both streams on and exits with 0 when the script succeeds", async () => {
    const input = 'import sys\nprint("out")\nprint("err", file=sys.stderr)';
    expect(await runCli(["exec", "-"], { input })).toEqual({ exitCode: 0, stdout: "out\n", stderr: "err\n" });
  });

  test("exec exits with 1 and shows the traceback when the script fails", async () => {
    const { exitCode, stdout, stderr } = await runCli(["exec", "-"], { input: "print(1)\n1 / 0" });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "1\n" });
    expect(stderr).toContain("ZeroDivisionError: division by zero");
  });

  test("exec --json exits with 1 and prints the object when the script fails", async () => {
    const { exitCode, stdout } = await runCli(["exec", "-", "--json"], { input: "import sys; sys.exit(3)" });
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ returnCode: 3, calls: [], waves: 0 });
  });

  test("exec says what a model would be told: output that was cut, arguments that no signature has", async () => {
    const big = "for i in range(200_000): print('row', i)\nprint('LAST')";
    const cut = await runCli(["exec", "-"], { input: big });
    expect(cut.stdout.endsWith("LAST\n")).toBe(true);
    expect(cut.stderr).toMatch(/^\[toolscript: \d+ bytes of output dropped: .*\]\n$/);
    const json = await runCli(["exec", "-", "--json"], { input: big });
    expect(JSON.parse(json.stdout)).toMatchObject({
      notices: [expect.stringContaining("bytes of output dropped")],
    });
    await using folder = await createUserFolder({ "tools.ts": TOOLS });
    const args = ["exec", "-", "--tools", "tools.ts"];
    const { exitCode, stderr } = await runCli(args, {
      cwd: folder.path,
      input: "await get_number(n=1, m=2)",
    });
    expect({ exitCode, stderr }).toMatchObject({
      stderr: expect.stringContaining('"m" is not a parameter of') as unknown,
    });
    expect(await runCli(["exec", "-"], { input: "pass" })).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });

  test("exec shows output at once when the script still runs", async () => {
    const child = startCli(["exec", "-"]);
    child.stdin?.end('import time\nprint("first")\nwhile True: time.sleep(0.01)');
    const firstOutput = await new Promise((resolve) => child.stdout?.once("data", resolve));
    expect(String(firstOutput)).toBe("first\n");
    child.kill("SIGINT");
    expect((await collectOutcome(child)).exitCode).toBe(130);
  });

  test.skipIf(process.platform !== "linux")(
    "exec leaves no process behind when Ctrl-C stops it",
    async () => {
      const child = startCli(["exec", "-"]);
      child.stdin?.end('print("ready")\nwhile True: pass');
      await new Promise((resolve) => child.stdout?.once("data", resolve));
      const sandboxes = listChildren(child.pid ?? 0);
      expect(sandboxes.length).toBeGreaterThan(0);
      child.kill("SIGINT");
      expect(await collectOutcome(child)).toEqual({ exitCode: 130, stdout: "", stderr: "" });
      expect(sandboxes.filter(isAlive)).toEqual([]);
    },
  );

  test("exec ends quietly when the reader closes its output", async () => {
    const child = startCli(["exec", "-"]);
    child.stdin?.end('while True: print("x" * 1000)');
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    const outcome = collectOutcome(child);
    child.stdout?.destroy();
    expect(await outcome).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test("exec exits with 2 when the script cannot be read", async () => {
    const { exitCode, stdout, stderr } = await runCli(["exec", "no-such-script.py"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toBe(
      'error: Cannot read the script "no-such-script.py": it does not exist or may not be read\n',
    );
  });

  test("exec finds a script where the user stood when npm runs it in the checkout", async () => {
    await using folder = await createUserFolder({ "x.py": 'print("found")' });
    const env = {
      npm_lifecycle_event: "toolscript",
      npm_package_json: `${root}/package.json`,
      INIT_CWD: folder.path,
    };
    expect((await runCli(["exec", "x.py"], { cwd: root, env })).stdout).toBe("found\n");
  });
});

function listChildren(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
