/**
 * What a script that writes frames of its own can make of its host: a bounded cost, and an end with a clear code.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { DEFAULT_MAX_FRAME_BYTES } from "../../src/protocol/frames.ts";
import { requireOrSkip } from "../require.ts";
import type { ForgedArgument, ForgedOutcome } from "./cases/forged.ts";
import { expectBounded, measureCase } from "./run-case.ts";

const hasPython = (): Promise<unknown> => promisify(execFile)("python3", ["--version"]);

/** Name, what it may end as, and what it does. */
type Row = readonly [name: string, ends: readonly string[], argument: ForgedArgument];

/** A case prepares what it sends, which takes long on a busy machine; its process is ended before. */
const CASE_TIMEOUT_MS = 90_000;

/** Ends of a session whose script did what it must not do. */
const REFUSED = ["protocol-violation", "work-limit", "frame-too-large"];
/** Ends of a script that was interrupted and did not listen. */
const KILLED = ["result running-time"];

const FLOODS: readonly Row[] = [
  ["empty lines", REFUSED, { program: `while True: raw(b"\\n" * 65536)` }],
  ["lines without a marker", REFUSED, { program: `while True: raw(b"what is this?\\n" * 5000)` }],
  ["one line without a marker and without an end", REFUSED, { program: `while True: raw(b"x" * 65536)` }],
  ["half a marker, again and again", REFUSED, { program: `while True: raw(MARKER[:-1].encode() + b"\\n")` }],
  ["bytes without a marker, one by one", REFUSED, { program: `while True: raw(b"x")` }],
  [
    "a marked line that does not end, byte by byte",
    KILLED,
    { program: `raw(MARKER.encode())\nwhile True: raw(b"x")` },
  ],
  [
    "a marked line that does not end",
    REFUSED,
    { program: `raw(MARKER.encode())\nwhile True: raw(b"x" * 65536)` },
  ],
  ["waits for nothing", [...REFUSED, ...KILLED], { program: `while True: blocked()` }],
  ["waits for timers that are due", KILLED, { program: `while True: blocked(0)` }],
  [
    "waits for timers, each for another time",
    KILLED,
    { program: `n = 0\nwhile True:\n  n += 1\n  blocked(n / 1000)` },
  ],
  ["waits for timers without end", KILLED, { program: `while True: blocked(1e300)` }],
  ["says once that it waits, and computes", KILLED, { program: `blocked()\nwhile True: pass` }],
  [
    "20,000 calls that wait, and waits without end",
    KILLED,
    { program: `for id in range(1, 20001): call(id)\nwhile True: blocked()`, does: "waits" },
  ],
  [
    "20,000 calls that wait, with a wait after each",
    KILLED,
    {
      program: `for id in range(1, 20001):\n  call(id)\n  blocked(id)\nwhile True: blocked(1)`,
      does: "waits",
    },
  ],
  ["gives up calls that never were", KILLED, { program: `while True: frame(type="cancel", cell=1, id=1)` }],
  [
    "calls, and gives them up",
    ["protocol-violation", ...KILLED],
    {
      program: `for id in range(1, 10**9):\n  call(id)\n  frame(type="cancel", cell=1, id=id)`,
      does: "waits",
    },
  ],
  [
    "output without end",
    REFUSED,
    { program: `while True: frame(type="output", cell=1, stream="stdout", text="x" * 1000)` },
  ],
  [
    "output of nothing without end",
    KILLED,
    { program: `while True: frame(type="output", cell=1, stream="stdout", text="")` },
  ],
  [
    "an answer of 1 MiB for each of 1,500 calls, and takes none",
    ["work-limit", ...KILLED],
    { program: `for id in range(1, 1501): call(id)\nwhile True: pass`, does: "returns 1 MiB" },
  ],
  [
    "calls that are refused, and takes no answer",
    ["protocol-violation", "work-limit", ...KILLED],
    { program: `id = 0\nwhile True:\n  id += 1\n  call(id)`, does: "throws nothing" },
  ],
  [
    "40 answers of 16 MiB at once",
    ["result null"],
    {
      program: `for id in range(1, 41): call(id)\nblocked()\nfor id in range(40): read()\ndone()`,
      does: "returns 16 MiB",
      limits: { runningMs: 40_000 },
    },
  ],
  [
    "18 answers of 300,000 records at once",
    ["result null"],
    {
      program: `for id in range(1, 19): call(id)\nblocked()\nfor id in range(18): next(_frames)\ndone()`,
      does: "returns 16 MiB of records",
      limits: { runningMs: 40_000 },
    },
  ],
  [
    "inputs of 8 MiB that wait",
    KILLED,
    {
      program: `big = '{"a":"%s"}' % ("x" * 2**23)\nfor id in range(1, 41): call(id, big)\nwhile True: pass`,
      does: "waits",
    },
  ],
  [
    "inputs of many parts that wait",
    KILLED,
    {
      program: `big = '{"a":[%s{}]}' % ("{}," * 20000)\nfor id in range(1, 201): call(id, big)\nwhile True: pass`,
      does: "waits",
    },
  ],
  [
    "a wait after each of forty answers that came together",
    ["result null"],
    { program: `for id in range(1, 41): call(id)\nfor _ in range(40):\n    blocked()\n    read()\ndone()` },
  ],
  [
    "inputs of 8 MiB for a tool that is at work",
    ["result null"],
    {
      program: `big = '{"a":"%s"}' % ("x" * 2**23)\nfor id in range(1, 41): call(id, big)\nblocked()\nfor id in range(40): read()\ndone()`,
      does: "waits a little",
      limits: { runningMs: 40_000 },
    },
  ],
];

const SHAPES: readonly [name: string, json: string][] = [
  ["empty objects", `'[' + '{},' * 10**7 + '{}]'`],
  ["empty objects, just as many as may be", `'[' + '{},' * 120000 + '{}]'`],
  ["empty lists", `'[' + '[],' * 10**7 + '[]]'`],
  ["deep lists", `'[' * 10**7 + ']' * 10**7`],
  ["deep objects", `'{"a":' * 5 * 10**6 + '1' + '}' * 5 * 10**6`],
  ["numbers", `'[' + '1,' * 10**7 + '1]'`],
  ["numbers with digits", `'[' + '1.234567890123,' * 200000 + '1]'`],
  ["one number of many digits", `'1' * 2**24`],
  ["one exponent of many digits", `'1e' + '1' * 2**24`],
  ["blanks", `'[' + ' ' * 2**24 + ']'`],
  ["many members", `'{' + ','.join('"k%d":1' % n for n in range(2 * 10**6)) + '}'`],
  ["many members with one name", `'{' + '"k":1,' * 100000 + '"k":1}'`],
  ["members whose names are numbers", `'{' + ','.join('"%d":1' % (n * 65536) for n in range(100000)) + '}'`],
  ["one string", `'"' + 'x' * (2**25 - 1000) + '"'`],
  ["one string of escapes", `'"' + '\\\\u0041' * 5 * 10**6 + '"'`],
  ["one string of two-byte characters", `'"' + 'x' * 2**24 + '\\\\u4e00"'`],
  ["strings", `'[' + '"x",' * 120000 + '"x"]'`],
  ["a long name of a member", `'{"%s":1}' % ('n' * 2**24)`],
];

const FRAMES: readonly Row[] = [
  ...SHAPES.map(([name, json]): Row => [
    `a call whose input holds ${name}`,
    [...REFUSED, "result null"],
    {
      program: `try:\n  call(1, '{"a":%s}' % (${json}))\n  blocked()\n  read()\nexcept BrokenPipeError: pass\ndone()`,
    },
  ]),
  ...SHAPES.slice(0, 6).map(([name, json]): Row => [
    `a frame that is itself ${name}`,
    REFUSED,
    { program: `raw(MARKER.encode() + (${json}).encode() + b"\\n")\nwhile True: pass` },
  ]),
  [
    "an end with millions of fields more",
    REFUSED,
    {
      program: `raw((MARKER + '{"type":"done",' + ','.join('"k%d":1' % n for n in range(10**6)) + '}\\n').encode())`,
    },
  ],
  [
    "an end with a hundred thousand fields more",
    REFUSED,
    {
      program: `raw((MARKER + '{"type":"done",' + ','.join('"k%d":1' % n for n in range(10**5)) + '}\\n').encode())`,
    },
  ],
  ["a tool of a very long name", REFUSED, { program: `call(1, "{}", "t" * (2**25 - 1000))` }],
  ["an unknown type of a very long name", REFUSED, { program: `frame(type="t" * 2**24)` }],
  [
    "an output of 31 MiB",
    REFUSED,
    { program: `frame(type="output", cell=1, stream="stdout", text="x" * (31 * 2**20))` },
  ],
  [
    "output of another cell, of great length",
    REFUSED,
    { program: `frame(type="output", cell=2, stream="stdout", text="x" * 2**24)` },
  ],
  [
    "a frame that is no JSON after megabytes",
    REFUSED,
    { program: `raw((MARKER + '{"a":["' + "x" * 2**24 + '"] nonsense}\\n').encode())` },
  ],
];

const THROWS: readonly Row[] = (
  [
    "throws an object without a prototype",
    "throws what throws",
    "throws an error whose message throws",
    "throws nothing",
    "throws a symbol",
    "throws a revoked proxy",
    "throws 64 MiB",
    "returns what throws",
    "returns a revoked proxy",
    "returns a thenable that throws",
  ] as const
).map((does): Row => [
  `a tool that ${does}`,
  ["result null"],
  { program: `call(1)\nblocked()\nassert read()["type"] == "error"\ndone()`, does },
]);

/** These end by what they send, not by the time that making it takes on a busy machine. */
function unhurried([name, ends, argument]: Row): Row {
  return [name, ends, { ...argument, limits: { runningMs: 40_000, totalMs: 45_000 } }];
}

describe.skipIf(await requireOrSkip("python", hasPython))("a runner that", () => {
  const rows = [...FLOODS, ...[...FRAMES, ...THROWS].map(unhurried)];
  test.each(rows)("sends %s", { timeout: CASE_TIMEOUT_MS }, async (_name, ends, argument) => {
    const report = await measureCase("forged.ts", "forge", { argument, timeoutMs: CASE_TIMEOUT_MS - 5_000 });
    const { end, limit, message } = report.value as ForgedOutcome;
    const how = end === "result" ? `result ${limit}` : end;
    expect([...ends, message]).toContain(how);
    expect(message.length).toBeLessThan(1_000);
    expect(report.stderr).toBe("");
    expectBounded(report, 3 * DEFAULT_MAX_FRAME_BYTES);
  });
});
