import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { allowAll, runInDeno } from "../../../../tools/probe/wasm/deno-run.ts";
import { isToolscriptError } from "../../../errors.ts";
import { runnerModules } from "../../runner-source.ts";
import { openGuestSession, type WasmSession } from "../guest-session.ts";
import type { WallOrder } from "../guest/wall.ts";
import { findPrograms } from "../programs.ts";
import { wasm } from "../wasm.ts";
import { trialFilter } from "./call-filter.ts";
import { checkWall } from "./check-wall.ts";
import { readNativeProgram } from "./native-program.ts";
import { planWall, type WallMode } from "./plan-wall.ts";
import { createWallWarning } from "./wall-warning.ts";

const programs = findPrograms();
const COLD_START_MS = 60_000;

/** As the kernel sees the filter of this machine where an emulator makes the calls. */
const OTHER_MACHINE = Buffer.from(
  trialFilter(process.arch === "arm64" ? "x86_64" : "aarch64").program,
).toString("base64");

let folder: string;
let wrapper: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "toolscript-wall-"));
  wrapper = join(folder, "deno");
  await writeFile(wrapper, `#!/bin/sh\nexec '${programs.deno}' "$@"\n`, { mode: 0o700 });
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe.skipIf(process.platform !== "linux")("the kernel's wall", () => {
  /** Opens a session whose wall was ordered with a change. */
  async function openWith(mode: WallMode, change: Partial<WallOrder>): Promise<WasmSession> {
    const plan = planWall(programs.deno, 128, mode);
    if ("impossible" in plan) throw new Error(plan.impossible);
    return await openGuestSession({
      programs,
      memoryMb: 128,
      maxFrameBytes: 1024 * 1024,
      readyTimeoutMs: COLD_START_MS,
      snapshotPath: undefined,
      bootMessage: Buffer.from(JSON.stringify(Object.fromEntries(runnerModules()))),
      wall: { order: { ...plan.order, ...change } },
      wallMode: mode,
      signal: undefined,
    });
  }

  test(
    "stands around every thread of a session, by the kernel's word [wasm.kernel-wall]",
    { timeout: 120_000 },
    async () => {
      await using stack = new AsyncDisposableStack();
      const sandbox = stack.adopt(wasm(), (each) => each.close());
      const session = await sandbox.open();
      expect(session.wall).toEqual({ stands: true, missing: "" });
    },
  );

  test.each([
    ["the filter is refused", { seccompCall: 9_999 }, /installing the filter of system calls was refused/],
    ["the C library is not there", { libc: "/none/libc.so.6" }, /Could not open library/],
    ["another process started the guest", { hostPid: 1 }, /the host has ended/],
    [
      "the machine is emulated",
      { trialFilter: OTHER_MACHINE },
      /the kernel sees the calls of another machine/,
    ],
    ["a limit is refused", { limits: [[99, 0]] as const }, /reading limit "99" was refused/],
  ])(
    "lets no session start when it is required and %s",
    { timeout: COLD_START_MS },
    async (_name, change, message) => {
      await expect(openWith("required", change)).rejects.toThrow(message);
    },
  );

  test(
    "is reported as missing when the kernel refuses it and it is not required",
    { timeout: COLD_START_MS },
    async () => {
      const session = await openWith("if-available", { seccompCall: 9_999 });
      await session.close();
      expect(session.wall.stands).toBe(false);
      expect(session.wall.missing).toContain("a thread without the filter of system calls");
    },
  );

  test(
    "lets no session start when the host finds less of it than was ordered",
    { timeout: COLD_START_MS },
    async () => {
      const opened = openWith("required", { required: false, seccompCall: 9_999 });
      await expect(opened).rejects.toThrow(/wall around its process is missing: a thread without the filter/);
    },
  );

  test("cannot be planned for a Deno that is a script: no session starts", async () => {
    const sandbox = wasm({ denoPath: wrapper, cacheDir: join(folder, "cache") });
    const error = await sandbox.open().catch((reason: unknown) => reason);
    expect(isToolscriptError(error, "sandbox-unavailable")).toBe(true);
    expect(String(error)).toMatch(/is no native program of 64 bits; .*"wall" to "if-available"/);
  });

  test("is done without when that was said, and the session says so", { timeout: 120_000 }, async () => {
    await using stack = new AsyncDisposableStack();
    const options = { denoPath: wrapper, cacheDir: join(folder, "cache"), wall: "if-available" } as const;
    const sandbox = stack.adopt(wasm(options), (each) => each.close());
    const session = await sandbox.open();
    expect(session.wall.stands).toBe(false);
    expect(session.wall.missing).toMatch(/is no native program/);
  });

  test("holds when Deno begins, late, to listen for signals", { timeout: 60_000 }, async () => {
    const script = "await new Promise((resolve) => setTimeout(resolve, 1_000)); did(true, 'alive');";
    const run = await runInDeno(script, { lab: {}, secret: "", loosen: allowAll, kernelWall: true });
    expect(run).toMatchObject({ facts: { ok: true, detail: "alive" }, stderr: "", ended: "exit 0" });
  });

  test("leaves nothing of the permission by which it was raised", { timeout: 60_000 }, async () => {
    const script = `const libc = ${JSON.stringify(readNativeProgram(programs.deno).libc)};
const attempts = [
  () => Deno.dlopen(libc, { getpid: { parameters: [], result: "i32" } }).symbols.getpid(),
  () => Deno.dlopen("libc.so.6", {}),
  () => Deno.UnsafePointer.of(new Uint8Array(8)),
  () => Deno.UnsafePointer.create(1n),
  () => new Deno.UnsafeCallback({ parameters: [], result: "void" }, () => {}),
  () => Deno.UnsafePointerView.getArrayBuffer(null, 8),
];
const states = [{ name: "ffi" }, { name: "ffi", path: libc }].map((what) => Deno.permissions.requestSync(what).state);
const done = attempts.filter((attempt) => { try { attempt(); return true; } catch { return false; } });
did(done.length === 0, states.join(" ") + " " + done.join(" "));`;
    const run = await runInDeno(script, { lab: {}, secret: "", loosen: allowAll, kernelWall: true });
    expect(run.facts).toEqual({ ok: true, detail: "denied denied " });
  });
});

test("checkWall() finds that none stands around this process", async () => {
  const { stands, missing } = await checkWall(process.pid);
  expect(stands).toBe(false);
  expect(missing).not.toBe("");
});

test("checkWall() says so when it cannot look", async () => {
  expect(await checkWall(2 ** 30)).toEqual({
    stands: false,
    missing: "it cannot be checked, as this host has no /proc to look into",
  });
});

test("createWallWarning() warns once, and not of what the user decided", () => {
  const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const standing = { stands: true, missing: "" };
  const missing = { stands: false, missing: "there is none" };
  const warn = createWallWarning(true);
  for (const report of [standing, missing, missing]) warn(report);
  createWallWarning(false)(missing);
  expect(warnings.mock.calls).toEqual([
    [
      expect.stringContaining("without the kernel's wall around its processes: there is none"),
      { type: "ToolscriptWarning" },
    ],
  ]);
  warnings.mockRestore();
});
