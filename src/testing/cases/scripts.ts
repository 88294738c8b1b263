/**
 * What a script may assume of Python itself.
 */
import type { ContractCase } from "../contract-case.ts";
import { echo } from "../contract-tools.ts";
import { assertFailed, assertIncludes, assertPrinted } from "./assertions.ts";

export const scriptCases: readonly ContractCase[] = [
  {
    id: "script.top-level-await",
    shows: "await works outside of any function",
    async run(bench) {
      assertPrinted(await bench.run("x = await echo(value=41)\nprint(x + 1)", [echo]), "42\n");
    },
  },
  {
    id: "script.gather",
    shows: "asyncio.gather returns results in the order of its arguments",
    async run(bench) {
      const code = "import asyncio\nprint(await asyncio.gather(*[echo(value=i) for i in range(20)]))";
      assertPrinted(
        await bench.run(code, [echo]),
        `[${Array.from({ length: 20 }, (_, i) => i).join(", ")}]\n`,
      );
    },
  },
  {
    id: "script.asyncio-run",
    shows: "asyncio.run(main()) works in plain code, more than once",
    async run(bench) {
      const code = `import asyncio
async def main(n):
    return await echo(value=n)
print(asyncio.run(main(1)))
print(asyncio.run(main(2)))`;
      assertPrinted(await bench.run(code, [echo]), "1\n2\n");
    },
  },
  {
    id: "script.asyncio-run-nested",
    shows: "asyncio.run works in a cell that also awaits at its top level, and leaves its other tasks alone",
    async run(bench) {
      const code = `import asyncio
other = asyncio.ensure_future(echo(value="other"))
async def main():
    return await asyncio.gather(echo(value=1), echo(value=2))
print(asyncio.run(main()))
print(await other)`;
      assertPrinted(await bench.run(code, [echo]), "[1, 2]\nother\n");
    },
  },
  {
    id: "script.run-until-complete",
    shows: "loop.run_until_complete works, from a loop that is asked for or made anew",
    async run(bench) {
      const code = `import asyncio
loop = asyncio.new_event_loop()
print(loop.run_until_complete(echo(value="a")))
loop.close()
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
print(asyncio.get_event_loop().run_until_complete(echo(value="b")))`;
      assertPrinted(await bench.run(code, [echo]), "a\nb\n");
    },
  },
  {
    id: "script.main-guard",
    shows: '__name__ is "__main__"',
    async run(bench) {
      assertPrinted(await bench.run('if __name__ == "__main__":\n    print("main")'), "main\n");
    },
  },
  {
    id: "script.main-module",
    shows: "definitions live in the module __main__: dataclasses, pickle and type hints work",
    async run(bench) {
      const code = `from __future__ import annotations
import dataclasses, pickle, typing
@dataclasses.dataclass
class Trip:
    who: str
    cost: float = 0.0
trip = pickle.loads(pickle.dumps(Trip("Ada", 12.5)))
print(trip, typing.get_type_hints(Trip)["cost"].__name__)`;
      assertPrinted(await bench.run(code), "Trip(who='Ada', cost=12.5) float\n");
    },
  },
  {
    id: "script.classes",
    shows: "classes, closures, decorators, generators and comprehensions see the script's names",
    async run(bench) {
      const code = `class Counter:
    step = 2
    def __init__(self): self.n = 0
    def up(self): self.n += Counter.step; return self
def total(rows): return sum(r * factor for r in rows)
factor = 3
print(Counter().up().up().n, total(x for x in range(4)), [factor * y for y in (1, 2)])`;
      assertPrinted(await bench.run(code), "4 18 [3, 6]\n");
    },
  },
  {
    id: "script.multiline-strings",
    shows: "multi-line string literals are untouched",
    async run(bench) {
      const code =
        'text = """one\n  two\n\n\tthree\n"""\nif True:\n    inner = """a\nb"""\nprint(repr(text), repr(inner))';
      assertPrinted(await bench.run(code), "'one\\n  two\\n\\n\\tthree\\n' 'a\\nb'\n");
    },
  },
  {
    id: "script.standard-modules",
    shows: "the standard modules that scripts use import and work",
    async run(bench) {
      const code = `import abc, array, base64, bisect, calendar, collections, contextlib, copy, csv, dataclasses, datetime
import decimal, difflib, enum, fractions, functools, hashlib, heapq, html, io, itertools, json, math, operator, os, pathlib
import pprint, queue, random, re, secrets, shlex, statistics, string, struct, tempfile, textwrap, time, traceback, types
import typing, unicodedata, urllib.parse, uuid, xml.etree.ElementTree, zipfile, zlib, zoneinfo
print(decimal.Decimal("0.1") + decimal.Decimal("0.2"), statistics.median([3, 1, 2]), hashlib.sha256(b"x").hexdigest()[:8])
print(len({secrets.token_hex(8) for _ in range(50)}), re.sub(r"\\d+", "#", "a1b22"), json.dumps({"é": 1}))`;
      assertPrinted(await bench.run(code), '0.3 2 2d711642\n50 a#b# {"\\u00e9": 1}\n');
    },
  },
  {
    id: "script.variables-persist",
    shows: "variables, functions and imports persist from cell to cell",
    async run(bench) {
      const session = await bench.shared([echo]);
      assertPrinted(
        await session.run("import math\nrows = await echo(value=[1, 4])\ndef f(x): return math.sqrt(x)")
          .result,
        "",
      );
      assertPrinted(await session.run("print([f(row) for row in rows])").result, "[1.0, 2.0]\n");
    },
  },
  {
    id: "script.variables-persist-after-exception",
    shows: "variables persist also after an exception and after sys.exit",
    async run(bench) {
      const session = await bench.shared();
      assertFailed(await session.run("kept = 1\nraise ValueError('no')").result, 1, "ValueError: no");
      assertFailed(await session.run("import sys\nkept += 1\nsys.exit(4)").result, 4);
      assertPrinted(await session.run("print(kept)").result, "2\n");
    },
  },
  {
    id: "script.threads",
    shows: "asyncio.to_thread works where there are threads, and says so where there are none",
    async run(bench) {
      const code =
        "import asyncio, time\nprint(await asyncio.gather(asyncio.to_thread(sum, [1, 2]), echo(value=3)))";
      const result = await bench.run(code, [echo]);
      if (bench.traits.threads) assertPrinted(result, "[3, 3]\n");
      else assertFailed(result, 1, "thread");
    },
  },
  {
    id: "script.stdin-empty",
    shows: "standard input is empty: input() raises EOFError and nothing of the protocol can be read",
    async run(bench) {
      const result = await bench.run("import sys\nprint(repr(sys.stdin.read()))\ninput()");
      assertFailed(result, 1, "EOFError");
      assertIncludes(result.stdout, "''\n");
    },
  },
];
