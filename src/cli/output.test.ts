import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { requireOrSkip } from "../../test/require.ts";
import { createUserFolder } from "../../test/user-folder.ts";
import { print, toVisible } from "./output.ts";

// Each test starts processes, and the first sandbox of a machine builds its snapshot.
vi.setConfig({ testTimeout: 120_000 });

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

/** A title, a hyperlink, the clipboard, colours, a way back over the line, C1, bidirectional overrides, a line separator. */
const HOSTILE =
  "\u001b]0;title\u0007\u001b]8;;http://x\u001b\\\u001b]52;c;eA==\u0007\u001b[31m\rback\b\u009b2J\u202egnp\u2066\u2028\u007f\u0000";
const ESCAPED = toVisible(HOSTILE);

const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Control characters in a text, but for tabs and line ends. */
function controlsOf(text: string): string[] {
  return [...text.matchAll(HIDDEN)]
    .map(([character]) => character)
    .filter((one) => one !== "\n" && one !== "\t");
}

describe("print()", () => {
  test("shows control characters on a terminal, and writes them as they are to a pipe", () => {
    const written: string[] = [];
    const write = (text: string): void => void written.push(text);
    print({ isTTY: true, write }, `a\tb\r\n${HOSTILE}`);
    print({ write }, HOSTILE);
    expect(written).toEqual([`a\tb\n${ESCAPED}`, HOSTILE]);
    expect(controlsOf(ESCAPED)).toEqual([]);
    expect(JSON.parse(toVisible(JSON.stringify(HOSTILE)))).toBe(HOSTILE);
  });

  test("leaves letters of all languages, and characters that are made of several", () => {
    const text =
      "Grüße, \u4f60\u597d, \u0634\u0643\u0631\u0627, \u{1f468}\u200d\u{1f469}\u200d\u{1f467}, e\u0301\n";
    expect(toVisible(text)).toBe(text);
  });
});

test("nothing in the command line writes to a stream but print()", async () => {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const files = (await readdir(folder, { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name));
  const writing: string[] = [];
  for (const name of files) {
    const text = await readFile(folder + name, "utf8");
    if (/(?:stdout|stderr|stream|target)\.(?:write|end)\(|\bconsole\./.test(text)) writing.push(name);
  }
  // A line that is rewritten in place is erased by a sequence of our own.
  expect(writing.toSorted()).toEqual(["output.ts", "progress.ts"]);
});

/** Runs the command line on a terminal of its own and gives what that gets. */
async function runOnTerminal(args: readonly string[], cwd: string): Promise<string> {
  const program = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
  const env = { ...process.env, NO_COLOR: "1", INIT_CWD: cwd };
  const child = spawn("python3", ["-c", program, process.execPath, MAIN, ...args], { cwd, env });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await once(child, "close");
  // The terminal's own line ends, and the line that is rewritten in place.
  return text.replaceAll("\r\n", "\n").replaceAll("\r\u001b[2K", "");
}

const isMissing = await requireOrSkip("python", async () => {
  const child = spawn("python3", ["-c", "import pty"]);
  const [code] = (await once(child, "close")) as [number];
  return code === 0;
});

describe.skipIf(isMissing)("a terminal", () => {
  const literal = JSON.stringify(HOSTILE);
  const files = {
    "print.py": `import sys\nprint(${literal})\nprint(${literal}, file=sys.stderr)\nawait odd()\n`,
    "raise.py": `raise ValueError(${literal})\n`,
    "tools.mjs": `import { tool } from "toolscript"; import * as z from "zod";
export const tools = [tool({ name: "odd", description: "x", input: z.object({}), execute: async () => { throw new Error(${literal}); } })];`,
    "bad.mjs": `throw new Error(${literal});`,
    "scenario.json": JSON.stringify([
      {
        content: [
          { type: "tool_use", name: "code_execution", input: { code: `raise ValueError(${literal})` } },
        ],
      },
      { content: HOSTILE },
    ]),
    "keys.json": JSON.stringify({ keys: [{ name: "a", sha256: "0".repeat(64), models: [HOSTILE] }] }),
  };

  test.each([
    ["exec", ["exec", "print.py", "--tools", "tools.mjs"]],
    ["exec, a traceback", ["exec", "raise.py"]],
    ["exec as JSON", ["exec", "raise.py", "--json"]],
    ["run", ["run", "go", "--tools", "tools.mjs", "--model", "scripted:scenario.json"]],
    ["run as JSON", ["run", "go", "--tools", "tools.mjs", "--model", "scripted:scenario.json", "--json"]],
    ["a module that fails", ["exec", "print.py", "--tools", "bad.mjs"]],
    ["a file that is not there", ["exec", `${HOSTILE.replaceAll("\0", "")}.py`]],
    ["an option that is wrong", ["exec", "print.py", "--sandbox", HOSTILE.replaceAll("\0", "")]],
    ["a command that is none", [HOSTILE.replaceAll("\0", "")]],
    ["keys", ["keys", "list", "--file", "keys.json"]],
  ])("gets no control character of others: %s", async (_title, args) => {
    await using folder = await createUserFolder(files);
    const text = await runOnTerminal(args, folder.path);
    expect(controlsOf(text)).toEqual([]);
    expect(text).toContain("\\u001b]");
  });
});
