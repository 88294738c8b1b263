import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { PROTOCOL_EXIT_CODE, runnerModules, stdioBootstrap } from "./runner-source.ts";

const MARKER = "0123456789abcdef";
const LIMITS = { maxOutputBytes: 1024, maxCalls: 10, maxCallsInFlight: 10 };

/** A real Python on the bootstrap program; lines of its standard error one by one. */
function startRunner() {
  const child = spawn("python3", ["-I", "-c", stdioBootstrap()], { stdio: ["pipe", "ignore", "pipe"] });
  const lines = createInterface(child.stderr)[Symbol.asyncIterator]();
  return {
    child,
    send: (...frames: object[]) =>
      child.stdin.write(frames.map((frame) => `${JSON.stringify(frame)}\n`).join("")),
    nextLine: async () => String((await lines.next()).value),
    nextFrame: async (): Promise<unknown> => {
      const line = String((await lines.next()).value);
      expect(line.slice(0, MARKER.length)).toBe(MARKER);
      return JSON.parse(line.slice(MARKER.length));
    },
  };
}

const hello = { type: "hello", version: 1, marker: MARKER, maxFrameBytes: 1_048_576 };

test("stdioBootstrap() is a whole runner when a bare python3 runs it", async () => {
  const { child, send, nextFrame } = startRunner();
  send(hello);
  expect(await nextFrame()).toMatchObject({ type: "hello", version: 1 });
  send(
    { type: "tools", tools: [{ name: "get-team", python: "get_team", parameters: ["name"] }] },
    { type: "run", cell: 1, code: "team = await get_team('ops')\nprint(team['size'])", limits: LIMITS },
  );
  expect(await nextFrame()).toEqual({
    type: "call",
    cell: 1,
    id: 1,
    tool: "get-team",
    input: { name: "ops" },
  });
  expect(await nextFrame()).toEqual({ type: "blocked", cell: 1, wakeInMs: null });
  send({ type: "result", id: 1, value: { size: 20 } });
  expect(await nextFrame()).toEqual({ type: "output", cell: 1, stream: "stdout", text: "20\n" });
  expect(await nextFrame()).toEqual({ type: "done", cell: 1, returnCode: 0, droppedBytes: 0 });
  send({ type: "exit" });
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("stdioBootstrap() ends with a reason that is no frame when the host breaks the protocol", async () => {
  const { child, send, nextFrame, nextLine } = startRunner();
  send(hello, { type: "result", id: 7, value: null });
  await nextFrame();
  expect(await nextLine()).toBe("toolscript runner: call 7 was answered, but it does not wait");
  expect(await once(child, "exit")).toEqual([PROTOCOL_EXIT_CODE, null]);
});

test("stdioBootstrap() gives the runner's own modules readable tracebacks", () => {
  const fault = `
import traceback
from toolscript_runner import frames
try:
    frames.LineReader().feed(None)
except AttributeError:
    traceback.print_exc()
`;
  // Without process 1, which would end it together with its input.
  const program = stdioBootstrap()
    .replace("lifeline = process_one.split()\n", "")
    .replace(/\nmain\(lifeline\)\n$/, () => fault);
  const { stderr } = spawnSync("python3", ["-I", "-c", program], { encoding: "utf8" });
  expect(stderr).toContain('File "<toolscript>/frames.py"');
  expect(stderr).toContain('data.rfind(b"\\n")');
});

test("stdioBootstrap() fits on a command line", () => {
  expect(stdioBootstrap()).toMatch(/^[\x20-\x7e\n]*$/);
  expect(stdioBootstrap().length).toBeLessThan(100_000);
});

test("stdioBootstrap() refuses an old Python with a clear sentence", () => {
  const program = stdioBootstrap().replace("(3, 9)", "(4, 0)");
  const { status, stderr } = spawnSync("python3", ["-I", "-c", program], { encoding: "utf8" });
  expect(status).toBe(64);
  expect(stderr).toMatch(/^The Toolscript runner needs Python 3\.9 or newer, this is Python 3\.\d+\n$/);
});

test("runnerModules() names every module by its path below an import folder", () => {
  expect(runnerModules().get("toolscript_runner/core.py")).toContain("class Runner");
  expect([...runnerModules().keys()].every((path) => /^toolscript_runner\/\w+\.py$/.test(path))).toBe(true);
});
