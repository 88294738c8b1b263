/**
 * Numbers of the kernel's system calls on the machines that Deno runs on under Linux.
 *
 * Only those that a guest needs once it has started, and the one that installs the filter. Source: the kernel's own tables,
 * `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`.
 */

/** Machines with a table. */
export type Machine = "x86_64" | "aarch64";

/** What the kernel calls a machine when it describes a system call (`AUDIT_ARCH_…`). */
export const AUDIT_ARCH: Readonly<Record<Machine, number>> = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };

/** Numbers by name: x86_64, then aarch64; null where a machine has no such call. */
const NUMBERS = {
  read: [0, 63],
  write: [1, 64],
  close: [3, 57],
  mmap: [9, 222],
  mprotect: [10, 226],
  munmap: [11, 215],
  brk: [12, 214],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  sched_yield: [24, 124],
  mremap: [25, 216],
  madvise: [28, 233],
  nanosleep: [35, 101],
  getpid: [39, 172],
  recvfrom: [45, 207],
  exit: [60, 93],
  kill: [62, 129],
  gettimeofday: [96, 169],
  getuid: [102, 174],
  getppid: [110, 173],
  sigaltstack: [131, 132],
  sched_getparam: [143, 121],
  sched_getscheduler: [145, 120],
  gettid: [186, 178],
  futex: [202, 98],
  sched_getaffinity: [204, 123],
  restart_syscall: [219, 128],
  clock_gettime: [228, 113],
  clock_getres: [229, 114],
  clock_nanosleep: [230, 115],
  exit_group: [231, 94],
  epoll_wait: [232, null],
  tgkill: [234, 131],
  set_robust_list: [273, 99],
  epoll_pwait: [281, 22],
  seccomp: [317, 277],
  getrandom: [318, 278],
  membarrier: [324, 283],
  pkey_mprotect: [329, 288],
  rseq: [334, 293],
  clone3: [435, 435],
} as const satisfies Readonly<Record<string, readonly [number | null, number | null]>>;

/** A system call that has a number here. */
export type SystemCall = keyof typeof NUMBERS;

/** The number of a call, or undefined where the machine has none. */
export function systemCallNumber(machine: Machine, call: SystemCall): number | undefined {
  return NUMBERS[call][machine === "x86_64" ? 0 : 1] ?? undefined;
}
