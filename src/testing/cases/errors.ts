/**
 * Errors of a script: CPython's own message, the right line, the right code; the session lives on.
 */
import assert from "node:assert/strict";
import type { ContractCase } from "../contract-case.ts";
import { echo } from "../contract-tools.ts";
import { assertExcludes, assertFailed, assertIncludes, assertPrinted } from "./assertions.ts";

export const errorCases: readonly ContractCase[] = [
  {
    id: "error.traceback",
    shows: "a traceback has the script's own line numbers and source lines, and none of ours",
    async run(bench) {
      const code = "def inner(x):\n    return 10 / x\n\ndef outer():\n    return inner(0)\n\nouter()";
      const result = await bench.run(code);
      assertFailed(
        result,
        1,
        "Traceback (most recent call last):",
        "line 7",
        "line 5, in outer",
        "line 2, in inner",
      );
      for (const part of ["return inner(0)", "return 10 / x", "ZeroDivisionError: division by zero"]) {
        assertIncludes(result.stderr, part);
      }
      assertExcludes(result.stderr, "toolscript_runner");
    },
  },
  {
    id: "error.traceback-async",
    shows: "the same in async code, under gather and under asyncio.run",
    async run(bench) {
      const code =
        "import asyncio\nasync def one(i):\n    await echo(value=i)\n    raise KeyError(i)\nawait asyncio.gather(one(1), one(2))";
      const result = await bench.run(code, [echo]);
      assertFailed(result, 1, "line 5", "line 4, in one", "raise KeyError(i)", "KeyError: 1");
      assertExcludes(result.stderr, "toolscript_runner");
      const plain = await bench.run(
        code.replace("await asyncio.gather(one(1), one(2))", "asyncio.run(one(3))"),
        [echo],
      );
      assertFailed(plain, 1, "line 4, in one", "KeyError: 3");
      assertExcludes(plain.stderr, "toolscript_runner");
    },
  },
  {
    id: "error.traceback-earlier-cell",
    shows: "a function of an earlier cell shows that cell's source lines",
    async run(bench) {
      const session = await bench.shared();
      await session.run("def broken():\n    raise RuntimeError('from before')").result;
      assertFailed(
        await session.run("\n\nbroken()").result,
        1,
        "line 3",
        "broken()",
        "line 2, in broken",
        "raise RuntimeError('from before')",
      );
    },
  },
  {
    id: "error.chained",
    shows: "chained exceptions and notes are shown",
    async run(bench) {
      const code = "try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('bad') from e";
      assertFailed(await bench.run(code), 1, "KeyError: 'k'", "direct cause", "ValueError: bad");
    },
  },
  {
    id: "error.syntax",
    shows: "a syntax error has line, source and caret, and runs nothing",
    async run(bench) {
      const result = await bench.run("print('before')\nx = = 1\n");
      assertFailed(result, 1, "SyntaxError", "line 2", "x = = 1", "^");
      assert.equal(result.stdout, "");
    },
  },
  {
    id: "error.sys-exit",
    shows: "sys.exit(3), sys.exit() and raise SystemExit('x') give 3, 0 and 1 with the text",
    async run(bench) {
      assertFailed(await bench.run("import sys\nprint('a')\nsys.exit(3)"), 3);
      assertPrinted(await bench.run("import sys\nsys.exit()"), "");
      const text = await bench.run("raise SystemExit('x')");
      assert.deepEqual([text.returnCode, text.stderr], [1, "x\n"]);
      assertFailed(
        await bench.run("import asyncio, sys\nasync def main(): sys.exit(5)\nasyncio.run(main())"),
        5,
      );
      assertPrinted(await bench.run("print('lives')"), "lives\n");
    },
  },
  {
    id: "error.exception-group",
    shows: "an unhandled ExceptionGroup is shown with its members",
    async run(bench) {
      const code = `import sys
if sys.version_info < (3, 11):
    class ExceptionGroup(Exception): pass
    raise ExceptionGroup("two ValueError: a TypeError: b")
raise ExceptionGroup("two", [ValueError("a"), TypeError("b")])`;
      assertFailed(await bench.run(code), 1, "ExceptionGroup", "two", "ValueError: a", "TypeError: b");
    },
  },
  {
    id: "error.recursion",
    shows: "a recursion overflow is a RecursionError and the session lives on",
    async run(bench) {
      const session = await bench.shared();
      assertFailed(
        await session.run("kept = 7\ndef f(n): return f(n + 1)\nf(0)").result,
        1,
        "RecursionError",
      );
      assertPrinted(await session.run("print(kept)").result, "7\n");
    },
  },
  {
    id: "error.keyboard-interrupt",
    shows: "a script's own KeyboardInterrupt ends the cell with 130, as in a shell",
    async run(bench) {
      assertFailed(await bench.run("raise KeyboardInterrupt"), 130, "KeyboardInterrupt");
    },
  },
  {
    id: "error.broken-streams",
    shows: "a script that closes or replaces its streams harms only its own cell",
    async run(bench) {
      const session = await bench.shared();
      await session.run("import sys\nsys.stdout.close()\nsys.stderr = None").result;
      assertPrinted(await session.run("print('works')").result, "works\n");
    },
  },
];
