import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runCli } from "../../test/run-cli.ts";
import { createUserFolder } from "../../test/user-folder.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const BAD_TOOL = `
  import { tool } from "toolscript";
  export const tools = [
    tool({ name: "get number", description: "d", input: { type: "object" }, execute: () => 1 }),
  ];
`;

describe("toolscript", () => {
  test("--version prints the version of the package when asked", async () => {
    expect(await runCli(["--version"])).toEqual({ exitCode: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });

  test("--help names every command and shows examples when asked", async () => {
    const { exitCode, stdout } = await runCli(["--help"]);
    expect(exitCode).toBe(0);
    for (const command of ["demo", "run", "exec", "emulate", "doctor"]) {
      expect(stdout).toContain(`\n  ${command} `);
    }
    expect(stdout).toContain("Examples:");
  });

  test.each([
    ["no command", []],
    ["an unknown command", ["exce"]],
    ["an unknown option", ["exec", "x.py", "--fast"]],
    ["a missing argument", ["exec"]],
    ["an argument too many", ["exec", "a.py", "b.py"]],
    ["a missing required option", ["run", "Why?"]],
    ["an unknown sandbox", ["exec", "x.py", "--sandbox", "chroot"]],
    ["an unknown way of calling", ["run", "Why?", "--tools", "t", "--model", "m:n", "--calling", "loud"]],
    ["a bad number", ["run", "Why?", "--tools", "t", "--model", "m:n", "--max-cells", "many"]],
    ["a bad port", ["emulate", "bedrock", "--port", "70000"]],
    ["an unknown service", ["emulate", "mainframe"]],
  ])("toolscript exits with 2 and prints nothing to stdout when given %s", async (_name, args) => {
    const { exitCode, stdout, stderr } = await runCli(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).not.toBe("");
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  test("toolscript suggests a command when one is misspelt", async () => {
    expect((await runCli(["exce"])).stderr).toContain("Did you mean exec?");
  });
});

describe("run", () => {
  test.each(["bedrock", "gpt:4", "bedrock:"])("run exits with 2 when the model is %j", async (model) => {
    await using folder = await createUserFolder({ "tools.js": "export const tools = [];" });
    const args = ["run", "Why?", "--tools", "tools.js", "--model", model];
    const { exitCode, stderr } = await runCli(args, { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`error: Cannot use the model "${model}": wanted "bedrock:ID"`);
  });

  test.each([
    ["is missing", {}, 'Cannot read the tools file "tools.ts"'],
    ["has a syntax error", { "tools.ts": "export const = 1;" }, "Unexpected token `=`"],
    ["imports what is missing", { "tools.ts": 'import "./no.ts";' }, "Cannot find module"],
    ["uses TypeScript that runs nowhere", { "tools.ts": "export enum A { B }" }, "enum is not supported"],
    ["declares a bad tool", { "tools.ts": BAD_TOOL }, 'Cannot declare the tool "get number"'],
    ["throws", { "tools.ts": 'throw new Error("broken on purpose");' }, "broken on purpose"],
    ["exports no array", { "tools.ts": "export const tool = 1;" }, 'it exports "tool", not an array'],
    ["holds something else", { "tools.ts": "export default [{}];" }, 'entry "0" of its array is no tool'],
  ])("run exits with 2 and says why when the tools file %s", async (_name, files, reason) => {
    await using folder = await createUserFolder(files);
    const args = ["run", "Why?", "--tools", "tools.ts", "--model", "scripted:x.json"];
    const { exitCode, stdout, stderr } = await runCli(args, { cwd: folder.path });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(reason);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  test("run exits with 1 and says so when the tools file waits for ever", async () => {
    await using folder = await createUserFolder({ "tools.ts": "await new Promise(() => {});" });
    const args = ["run", "Why?", "--tools", "tools.ts", "--model", "scripted:x.json"];
    const { exitCode, stderr } = await runCli(args, { cwd: folder.path });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("The command ended before it was done");
  });

  test("run shows the stack when TOOLSCRIPT_DEBUG is 1", async () => {
    const args = ["run", "Why?", "--tools", "no-such-file.ts", "--model", "scripted:x.json"];
    expect((await runCli(args, { env: { TOOLSCRIPT_DEBUG: "1" } })).stderr).toMatch(/^ {4}at /m);
  });
});
