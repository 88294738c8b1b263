/**
 * Raises the kernel's wall around this process, from inside, before any Python runs.
 *
 * Guarantees, once `raise` has returned: no thread of this process, whatever code it comes to run, can open, start or reach
 * anything; and nobody but the one who called `openWall` was ever able to call native code. The C library is opened by
 * permission of its one path, and the permission is given up at once. Policy is not made here: the host's order has it.
 */
import { deno, type NativeLibrary } from "./deno.ts";

/** What the host orders; see `wall/plan-wall.ts`. */
export interface WallOrder {
  /** Whether to end rather than to go on without the wall, or with a part of it. */
  readonly required: boolean;
  /** Path of the C library that this process has loaded. */
  readonly libc: string;
  /** The host: this process ends when it does. */
  readonly hostPid: number;
  /** Limits of the process (`RLIMIT_…`) by number. */
  readonly limits: readonly (readonly [resource: number, value: number])[];
  /** Bytes by which the process's data may still grow. */
  readonly dataGrowthBytes: number;
  /** A filter in base64 that refuses `getuid`, to see that the kernel understands the calls as we do. */
  readonly trialFilter: string;
  /** The filter of system calls in base64, and where this process's id belongs in it. */
  readonly filter: string;
  readonly ownPidAt: readonly number[];
  /** Number of the system call that installs it. */
  readonly seccompCall: number;
}

/** The wall, ready to be raised. */
export interface Wall {
  /** @throws when the kernel refuses a part of it and the wall is required */
  raise(): void;
}

const SYMBOLS = {
  prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  signal: { parameters: ["i32", "u64"], result: "u64" },
  getuid: { parameters: [], result: "i32" },
  getppid: { parameters: [], result: "i32" },
  getpagesize: { parameters: [], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  malloc: { parameters: ["usize"], result: "u64" },
  memcpy: { parameters: ["u64", "buffer", "usize"], result: "u64" },
  syscall: { parameters: ["i64", "i64", "i64", "buffer"], result: "i64" },
} as const;

type Libc = NativeLibrary<typeof SYMBOLS>["symbols"];

/** The system call `close_range`, which has the same number everywhere. */
const CLOSE_RANGE = 436n;
const FIRST_INHERITED = 64n;
const LAST_DESCRIPTOR = 0xffff_ffffn;
const USUAL_DESCRIPTORS = 1024;

/** `SIGHUP`, `SIGINT`, `SIGTERM`. */
const ENDING_SIGNALS = [1, 2, 15];
const DEFAULT_HANDLER = 0n;

const PR_SET_PDEATHSIG = 1;
const PR_SET_NO_NEW_PRIVS = 38;
const SIGKILL = 9;
const RLIMIT_DATA = 2;

/** `SECCOMP_SET_MODE_FILTER` and `SECCOMP_FILTER_FLAG_TSYNC`: for all threads, or for none. */
const SET_FILTER = 1;
const ALL_THREADS = 1;

const INSTRUCTION_BYTES = 8;

/**
 * Opens the C library and gives up the permission to open it, or any other.
 *
 * @throws when that fails and the wall is required
 */
export function openWall(text: string): Wall {
  const order = JSON.parse(text) as WallOrder;
  const library = unlessRequired(order, () => deno.dlopen(order.libc, SYMBOLS));
  giveUp("ffi");
  return {
    raise() {
      if (library === undefined) return;
      unlessRequired(order, () => raise(library.symbols, order));
      library.close();
    },
  };
}

/** The host looks for itself what stands. */
function unlessRequired<T>(order: WallOrder, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (order.required) throw error;
    return undefined;
  }
}

function raise(libc: Libc, order: WallOrder): void {
  startSignalThread(libc);
  closeInherited(libc);
  endWithHost(libc, order.hostPid);
  limit(libc, RLIMIT_DATA, dataBytes(libc) + order.dataGrowthBytes);
  for (const [resource, value] of order.limits) limit(libc, resource, value);
  check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n), "giving up new privileges");
  installFilter(libc, order, order.trialFilter, []);
  expectRefusal(libc.getuid(), "the kernel sees the calls of another machine: this one is emulated");
  installFilter(libc, order, order.filter, order.ownPidAt);
  const again = libc.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n);
  expectRefusal(again, "the filter of system calls refuses nothing");
}

/** Gives up a permission for good: nobody can be asked for it again. */
export function giveUp(permission: "ffi" | "read"): void {
  if (deno.permissions.revokeSync({ name: permission }).state === "granted") {
    throw new Error(`Deno does not give up the permission "${permission}"`);
  }
}

/**
 * Half a second after its start, Deno begins to listen for the signal that opens its inspector. What it wants for that (a
 * pair of sockets, a thread) would be refused then, and it would panic. Its handlers for signals that end a process would
 * wake that thread, which is refused as well: the kernel's own way is put back.
 */
function startSignalThread(libc: Libc): void {
  const ignore = (): void => {};
  deno.addSignalListener("SIGTERM", ignore);
  deno.removeSignalListener("SIGTERM", ignore);
  for (const signal of ENDING_SIGNALS) libc.signal(signal, DEFAULT_HANDLER);
}

/**
 * Node.js hands on descriptors that it was started with itself, when they come after a gap (a shell's locks, for example). Deno's
 * own are the lowest ones.
 */
function closeInherited(libc: Libc): void {
  if (libc.syscall(CLOSE_RANGE, FIRST_INHERITED, LAST_DESCRIPTOR, null) === 0n) return;
  for (let each = Number(FIRST_INHERITED); each < USUAL_DESCRIPTORS; each += 1) libc.close(each); // before Linux 5.9
}

/** The kernel kills this process when the thread that started it ends. It may have ended before it was asked. */
function endWithHost(libc: Libc, hostPid: number): void {
  check(libc.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL), 0n, 0n, 0n), "ending with the host");
  if (libc.getppid() !== hostPid) throw new Error("Raising the wall failed: the host has ended");
}

/** A limit that is lower already stays. */
function limit(libc: Libc, resource: number, value: number): void {
  const softAndHard = new BigUint64Array(2);
  const bytes = new Uint8Array(softAndHard.buffer);
  check(libc.getrlimit(resource, bytes), `reading limit "${resource}"`);
  const wanted = BigInt(value);
  softAndHard.set(softAndHard.map((now) => (now < wanted ? now : wanted)));
  check(libc.setrlimit(resource, bytes), `setting limit "${resource}"`);
}

const STATM = "/proc/self/statm";
const STATM_DATA_FIELD = 5;

/** Bytes that count as this process's data now: most of them are reserved for code and never used. */
function dataBytes(libc: Libc): number {
  const file = libc.open(new TextEncoder().encode(`${STATM}\0`), 0);
  check(file, `opening "${STATM}"`);
  const text = new Uint8Array(256);
  const count = Number(libc.read(file, text, BigInt(text.length)));
  libc.close(file);
  const pages = Number(new TextDecoder().decode(text.subarray(0, count)).split(" ")[STATM_DATA_FIELD]);
  if (!(pages > 0)) throw new Error(`Raising the wall failed: "${STATM}" cannot be read`);
  return pages * libc.getpagesize();
}

function installFilter(
  libc: Libc,
  { seccompCall }: WallOrder,
  filter: string,
  ownPidAt: readonly number[],
): void {
  const program = Uint8Array.from(atob(filter), (character) => character.charCodeAt(0));
  const words = new DataView(program.buffer);
  for (const at of ownPidAt) words.setUint32(at, deno.pid, true);
  const address = libc.malloc(BigInt(program.length));
  libc.memcpy(address, program, BigInt(program.length));
  const description = new DataView(new ArrayBuffer(16));
  description.setUint16(0, program.length / INSTRUCTION_BYTES, true);
  description.setBigUint64(8, address, true);
  const bytes = new Uint8Array(description.buffer);
  check(
    libc.syscall(BigInt(seccompCall), BigInt(SET_FILTER), BigInt(ALL_THREADS), bytes),
    "installing the filter of system calls",
  );
}

/** What worked a moment ago must fail now. */
function expectRefusal(result: number, otherwise: string): void {
  if (result !== -1) throw new Error(`Raising the wall failed: ${otherwise}`);
}

/** Zero or more is the kernel's yes, for `syscall` zero alone: more is the thread that cannot follow. */
function check(result: number | bigint, what: string): void {
  if (typeof result === "bigint" ? result === 0n : result >= 0) return;
  throw new Error(`Raising the wall failed: ${what} was refused (${result})`);
}
