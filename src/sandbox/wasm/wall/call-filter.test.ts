import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runFilter } from "../fixtures/run-filter.ts";
import { callFilter } from "./call-filter.ts";
import { AUDIT_ARCH, type Machine, type SystemCall, systemCallNumber } from "./system-calls.ts";

const ALLOWED = 0x7fff0000;
const ANSWERED_ZERO = 0x00050000;
const REFUSED = 0x00050001;
const NOT_THERE = 0x00050026;
const KILLED = 0x80000000;
const OWN_PID = 4711;

const MACHINES: readonly Machine[] = ["x86_64", "aarch64"];

describe.each(MACHINES)("callFilter() for %s", (machine) => {
  const { program, ownPidAt } = callFilter(machine);
  for (const at of ownPidAt) new DataView(program.buffer).setUint32(at, OWN_PID, true);

  const decide = (call: SystemCall | number, ...values: number[]): number =>
    runFilter(program, {
      number: typeof call === "number" ? call : (systemCallNumber(machine, call) ?? -1),
      arch: AUDIT_ARCH[machine],
      values,
    });

  test("allows what a guest does, whatever the arguments are", () => {
    const calls = ["read", "write", "mprotect", "munmap", "exit_group", "getrandom"] as const;
    const refused = calls.filter((call) => decide(call, -1, -1, -1, -1, -1, -1) !== ALLOWED);
    expect(refused).toEqual([]);
  });

  test("allows about thirty of all calls, and no other", () => {
    const allowed = Array.from({ length: 1000 }, (_, number) => number).filter((n) => decide(n) === ALLOWED);
    expect(allowed.length).toBeGreaterThan(25);
    expect(allowed.length).toBeLessThan(35);
  });

  test("answers questions about the schedule itself", () => {
    expect(decide("sched_getscheduler", 1)).toBe(ANSWERED_ZERO);
    expect(decide("sched_getparam", 1)).toBe(ANSWERED_ZERO);
  });

  test("says of calls that the C library tries first that there are none", () => {
    expect(decide("clone3")).toBe(NOT_THERE);
    expect(decide("sched_getaffinity")).toBe(NOT_THERE);
  });

  test.each([
    ["private memory", [0, 4096, 3, 0x22, -1, 0], ALLOWED],
    ["a thread's stack", [0, 4096, 0, 0x2_0022, -1, 0], ALLOWED],
    ["reserved memory at a place", [0, 4096, 0, 0x4032, -1, 0], ALLOWED],
    ["shared memory", [0, 4096, 3, 0x21, -1, 0], REFUSED],
    ["private memory that is shared as well", [0, 4096, 3, 0x23, -1, 0], REFUSED],
    ["a file", [0, 4096, 1, 0x02, 3, 0], REFUSED],
    ["a stack that grows", [0, 4096, 3, 0x122, -1, 0], REFUSED],
    ["huge pages", [0, 4096, 3, 0x4_0022, -1, 0], REFUSED],
    ["locked pages", [0, 4096, 3, 0x2022, -1, 0], REFUSED],
  ])("decides on mapping %s", (_name, values, decision) => {
    expect(decide("mmap", ...values)).toBe(decision);
  });

  test.each([
    ["waiting", 0, ALLOWED],
    ["waiting for bits, privately, by the clock", 9 | 128 | 256, ALLOWED],
    ["lending priority", 6, REFUSED],
    ["lending priority, privately", 6 | 128, REFUSED],
    ["moving those that wait to a lock that lends priority", 12, REFUSED],
    ["an operation of the future", 200, REFUSED],
  ])("decides on a futex: %s", (_name, operation, decision) => {
    expect(decide("futex", 1, operation)).toBe(decision);
  });

  test("allows to kill this process, no other, and in no other way", () => {
    expect(decide("kill", OWN_PID, 9)).toBe(ALLOWED);
    expect(decide("kill", OWN_PID, 10)).toBe(REFUSED);
    expect(decide("kill", OWN_PID + 1, 9)).toBe(REFUSED);
    expect(decide("kill", -1, 9)).toBe(REFUSED);
    expect(decide("kill", 0, 9)).toBe(REFUSED);
    expect(decide("tgkill", OWN_PID, 5, 6)).toBe(ALLOWED);
    expect(decide("tgkill", 1, 1, 6)).toBe(REFUSED);
  });

  test("refuses advice that changes the machine, and barriers on other processes", () => {
    expect(decide("madvise", 0, 4096, 4)).toBe(ALLOWED);
    const advice = [9, 12, 13, 20, 21, 100, 101, -1].map((each) => decide("madvise", 0, 4096, each));
    expect(new Set(advice)).toEqual(new Set([REFUSED]));
    expect(decide("membarrier", 8)).toBe(ALLOWED);
    for (const command of [1, 2, 4, 128, 256]) expect(decide("membarrier", command)).toBe(REFUSED);
  });

  test("ends a process that makes a call of another machine", () => {
    const others = [...Object.values(AUDIT_ARCH), 0x40000003].filter((arch) => arch !== AUDIT_ARCH[machine]);
    for (const arch of others) expect(runFilter(program, { number: 0, arch })).toBe(KILLED);
  });

  test("jumps nowhere but forward and within the program", () => {
    const count = program.length / 8;
    const indices = Array.from({ length: count }, (_, index) => index);
    const jumping = indices.filter((index) => [0x15, 0x35].includes(program[index * 8] ?? 0));
    const targets = jumping.flatMap((index) =>
      [2, 3].map((at) => index + 1 + (program[index * 8 + at] ?? 0)),
    );
    expect(Math.max(...targets)).toBeLessThan(count);
  });
});

test("callFilter() for x86_64 refuses the calls with pointers of 32 bits", () => {
  const { program } = callFilter("x86_64");
  expect(runFilter(program, { number: 0x4000_0000, arch: AUDIT_ARCH.x86_64 })).toBe(REFUSED);
});

/** Only where a C compiler's headers are: they are what the table was made from. */
describe.each([
  ["x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"],
  ["aarch64", "/usr/include/asm-generic/unistd.h"],
] as const)("systemCallNumber() for %s", (machine, header) => {
  test.skipIf(!existsSync(header))("is the number of the kernel's own headers", () => {
    const numbers = new Map(
      [...readFileSync(header, "utf8").matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)$/gm)].map(
        ([, name, number]) => [name, Number(number)],
      ),
    );
    const names = readFileSync(new URL("system-calls.ts", import.meta.url), "utf8").matchAll(
      /^ {2}(\w+): \[/gm,
    );
    const wrong = [...names]
      .map(([, name = ""]) => name)
      .filter((name) => systemCallNumber(machine, name as SystemCall) !== numbers.get(name));
    expect(wrong).toEqual([]);
  });
});
