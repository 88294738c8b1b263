/**
 * The filter of system calls around a guest that has started: what is not named here is refused.
 *
 * Guarantees, for every thread of the process and for good: nothing is opened (no file, device, socket, pipe), no program
 * and no thread is started, no other process is touched, no limit is changed, and memory is private and anonymous, so that
 * the limit on data counts all of it. It is a classic BPF program as the kernel's seccomp takes it.
 */
import { AUDIT_ARCH, type Machine, type SystemCall, systemCallNumber } from "./system-calls.ts";

/** The program, and where the guest has to put its own process id (32 bits, little endian). */
export interface CallFilter {
  readonly program: Uint8Array;
  readonly ownPidAt: readonly number[];
}

type Operand = number | typeof OWN_PID;

/** A condition on one argument: its lower half, masked, is one of these. */
interface Condition {
  readonly argument: number;
  readonly mask?: number;
  readonly oneOf: readonly Operand[];
}

/** Stands for the process id of the guest. */
const OWN_PID = "own-pid";
const SIGKILL = 9;

/** `MAP_PRIVATE | MAP_ANONYMOUS`: both are wanted. */
const MAP_WANTED = 0x22;

/** Those, `FIXED`, `NORESERVE`, `POPULATE`, `STACK`, `FIXED_NOREPLACE`. Not among them: what no limit on data counts. */
const MAP_ALLOWED = MAP_WANTED | 0x10 | 0x4000 | 0x8000 | 0x2_0000 | 0x10_0000;

/** `NORMAL` to `DONTNEED`, `FREE`, `DONTFORK`, `DOFORK`, `HUGEPAGE`, `NOHUGEPAGE`, `DONTDUMP`, `DODUMP`. */
const ADVICE = [0, 1, 2, 3, 4, 8, 10, 11, 14, 15, 16, 17];

/** `WAIT`, `WAKE`, `REQUEUE`, `CMP_REQUEUE`, `WAKE_OP`, `WAIT_BITSET`, `WAKE_BITSET`; none that lends priority. */
const FUTEX_OPERATIONS = [0, 1, 3, 4, 5, 9, 10];

/** `PRIVATE`, `CLOCK_REALTIME`. */
const FUTEX_FLAGS = 0x80 | 0x100;

/** Asking what there is, and what concerns this process alone. */
const BARRIERS = [0, 8, 16, 32, 64];

/** What a guest needs on a condition. The most frequent of all comes first. */
const CONDITIONAL: readonly (readonly [SystemCall, readonly Condition[]])[] = [
  ["futex", [{ argument: 1, mask: ~FUTEX_FLAGS, oneOf: FUTEX_OPERATIONS }]],
  [
    "mmap",
    [
      { argument: 3, mask: ~MAP_ALLOWED, oneOf: [0] },
      { argument: 3, mask: MAP_WANTED, oneOf: [MAP_WANTED] },
    ],
  ],
  ["madvise", [{ argument: 2, oneOf: ADVICE }]],
  ["membarrier", [{ argument: 0, oneOf: BARRIERS }]],
  ["tgkill", [{ argument: 0, oneOf: [OWN_PID] }]],
  [
    "kill",
    [
      { argument: 0, oneOf: [OWN_PID] },
      { argument: 1, oneOf: [SIGKILL] },
    ],
  ],
];

/** What a guest needs, whatever its arguments are. The kernel keeps the answer and asks the filter no more (since 5.11). */
const ALLOWED: readonly SystemCall[] = [
  "read",
  "write",
  "close",
  "mprotect",
  "pkey_mprotect",
  "munmap",
  "mremap",
  "brk",
  "clock_gettime",
  "clock_getres",
  "clock_nanosleep",
  "nanosleep",
  "gettimeofday",
  "getpid",
  "getppid",
  "gettid",
  "getrandom",
  "sched_yield",
  "restart_syscall",
  "epoll_wait",
  "epoll_pwait",
  "rt_sigprocmask",
  "rt_sigaction",
  "rt_sigreturn",
  "sigaltstack",
  // A thread may just have been started, and Deno's thread for signals waits in the last of these.
  "rseq",
  "set_robust_list",
  "recvfrom",
  "exit",
  "exit_group",
];

/** What the C library does without when there is no such call: it then tries `clone`, which is refused, and asks no mask. */
const ABSENT: readonly SystemCall[] = ["clone3", "sched_getaffinity"];

/** What the filter answers itself, with what is true here: the usual policy, no priority. V8 asks it of each of its threads. */
const ANSWERED_ZERO: readonly SystemCall[] = ["sched_getscheduler", "sched_getparam"];

/** What the kernel does with a call. */
const ALLOW = 0x7fff_0000;
const ANSWER_ZERO = 0x0005_0000;
const REFUSE = 0x0005_0000 | 1; // EPERM
const NOT_THERE = 0x0005_0000 | 38; // ENOSYS
const KILL_PROCESS = 0x8000_0000;

/** Codes of the classic BPF machine. */
const LOAD = 0x20;
const AND = 0x54;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const RETURN = 0x06;

/** Offsets in what describes a call (`struct seccomp_data`). */
const NUMBER_AT = 0;
const ARCH_AT = 4;
const ARGUMENTS_AT = 16;
const ARGUMENT_BYTES = 8;

/** From here on, numbers on x86_64 mean calls with pointers of 32 bits. */
const X32_CALLS = 0x4000_0000;

const INSTRUCTION_BYTES = 8;
const OPERAND_AT = 4;

/** `skipIf` and `skipUnless` are counts of instructions to leave out. */
interface Instruction {
  readonly code: number;
  readonly skipIf?: number;
  readonly skipUnless?: number;
  readonly operand: Operand;
}

/**
 * A filter that refuses one harmless question alone (`getuid`). Where it is not refused, the kernel sees the calls of another
 * machine, because an emulator makes them; the real filter would end the process there.
 */
export function trialFilter(machine: Machine): CallFilter {
  return assemble([
    { code: LOAD, operand: ARCH_AT },
    { code: IF_EQUAL, skipUnless: 3, operand: AUDIT_ARCH[machine] },
    { code: LOAD, operand: NUMBER_AT },
    ...answerTo(IF_EQUAL, systemCallNumber(machine, "getuid"), REFUSE),
    { code: RETURN, operand: ALLOW },
  ]);
}

/** The filter for a machine. */
export function callFilter(machine: Machine): CallFilter {
  return assemble(instructionsFor(machine));
}

function assemble(code: readonly Instruction[]): CallFilter {
  const program = new DataView(new ArrayBuffer(code.length * INSTRUCTION_BYTES));
  const ownPidAt: number[] = [];
  for (const [index, { code: operation, skipIf = 0, skipUnless = 0, operand }] of code.entries()) {
    const at = index * INSTRUCTION_BYTES;
    program.setUint16(at, operation, true);
    program.setUint8(at + 2, skipIf);
    program.setUint8(at + 3, skipUnless);
    if (operand === OWN_PID) ownPidAt.push(at + OPERAND_AT);
    else program.setUint32(at + OPERAND_AT, operand, true);
  }
  return { program: new Uint8Array(program.buffer), ownPidAt };
}

function instructionsFor(machine: Machine): Instruction[] {
  return [
    { code: LOAD, operand: ARCH_AT },
    { code: IF_EQUAL, skipIf: 1, operand: AUDIT_ARCH[machine] },
    { code: RETURN, operand: KILL_PROCESS },
    { code: LOAD, operand: NUMBER_AT },
    ...(machine === "x86_64" ? answerTo(IF_AT_LEAST, X32_CALLS, REFUSE) : []),
    ...CONDITIONAL.flatMap(([call, conditions]) => allow(systemCallNumber(machine, call), conditions)),
    ...ALLOWED.flatMap((call) => answerTo(IF_EQUAL, systemCallNumber(machine, call), ALLOW)),
    ...ABSENT.flatMap((call) => answerTo(IF_EQUAL, systemCallNumber(machine, call), NOT_THERE)),
    ...ANSWERED_ZERO.flatMap((call) => answerTo(IF_EQUAL, systemCallNumber(machine, call), ANSWER_ZERO)),
    { code: RETURN, operand: REFUSE },
  ];
}

function answerTo(test: number, number: number | undefined, answer: number): Instruction[] {
  if (number === undefined) return [];
  return [
    { code: test, skipUnless: 1, operand: number },
    { code: RETURN, operand: answer },
  ];
}

/** The number of the call is loaded before, and after it if this is another one. */
function allow(number: number | undefined, conditions: readonly Condition[]): Instruction[] {
  if (number === undefined) return [];
  const body = [...conditions.flatMap(require), { code: RETURN, operand: ALLOW }];
  return [{ code: IF_EQUAL, skipUnless: body.length, operand: number }, ...body];
}

function require({ argument, mask, oneOf }: Condition): Instruction[] {
  return [
    { code: LOAD, operand: ARGUMENTS_AT + argument * ARGUMENT_BYTES },
    ...(mask === undefined ? [] : [{ code: AND, operand: mask >>> 0 }]),
    ...oneOf.map((operand, index) => ({ code: IF_EQUAL, skipIf: oneOf.length - index, operand })),
    { code: RETURN, operand: REFUSE },
  ];
}
