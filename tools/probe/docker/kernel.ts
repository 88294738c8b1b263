/**
 * Attempts to use parts of the kernel that a script does not need.
 *
 * Calls are made so that they do no harm where they are allowed: with wrong arguments that are only looked at after the
 * permission, or with the value that is there already.
 */
import type { DockerRow } from "./docker-probe.ts";

const withoutSeccomp: DockerRow["loosen"] = (host) => {
  host["SecurityOpt"] = ["no-new-privileges", "seccomp=unconfined", "apparmor=unconfined"];
};

/** Some calls are stopped twice: by the profile and for want of a capability. */
const asRoot =
  (...capabilities: readonly string[]): DockerRow["loosen"] =>
  (host, spec, lab) => {
    withoutSeccomp(host, spec, lab);
    host["CapAdd"] = capabilities;
    spec.User = "0:0";
  };

/** Allowed, and refused for its arguments: the permission was there. */
const refusedForArguments = (numbers: string, ...args: readonly string[]): string => `
try:
    did(True, syscall(both(${numbers}), ${args.join(", ")}))
except OSError as error:
    did(error.errno not in (errno.EPERM, errno.EACCES, errno.ENOSYS), errno.errorcode[error.errno])
`;

/** The rows of this class. */
export const kernelRows: readonly DockerRow[] = [
  {
    name: "make a user namespace (unshare)",
    class: "kernel surface",
    script: "tried(lambda: syscall(both(272, 97), 0x10000000))",
    without: "without the seccomp profile",
    loosen: withoutSeccomp,
  },
  {
    name: "make a user namespace (clone)",
    class: "kernel surface",
    script: `
def clone():
    child = syscall(both(56, 220), 0x10000000 | 17, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "a child in a namespace of its own"
tried(clone)
`,
    without: "without the seccomp profile",
    loosen: withoutSeccomp,
  },
  {
    name: "enter a namespace (setns)",
    class: "kernel surface",
    script: `
f = os.open("/proc/self/ns/uts", os.O_RDONLY)
tried(lambda: syscall(both(308, 268), f, 0))
`,
    without: "as root with SYS_ADMIN and without the seccomp profile",
    loosen: asRoot("SYS_ADMIN"),
  },
  {
    name: "trace a process of the host (ptrace)",
    class: "kernel surface",
    script: `
tried(lambda: syscall(both(101, 117), 16, LAB["pid"], 0, 0))
`,
    without: "with the host's processes, as root with SYS_PTRACE and without the seccomp profile",
    loosen: (host, spec, lab) => {
      asRoot("SYS_PTRACE")(host, spec, lab);
      host["PidMode"] = "host";
    },
  },
  {
    name: "read the memory of a process of the host",
    class: "kernel surface",
    script: `
import re
def read():
    pid = LAB["pid"]
    with open("/proc/%d/maps" % pid) as maps:
        lines = [line for line in maps if "[stack]" in line]
    start, end = (int(part, 16) for part in re.match("(\\\\w+)-(\\\\w+)", lines[0]).groups())
    with open("/proc/%d/mem" % pid, "rb") as memory:
        memory.seek(start)
        text = memory.read(end - start)
    at = text.rindex(b"TOOLSCRIPT_PROBE_SECRET=")
    return text[at:at + 70].decode("latin1")
tried(read)
`,
    steals: true,
    without: "with the host's processes",
    loosen: (host, spec, lab) => {
      withoutSeccomp(host, spec, lab);
      host["PidMode"] = "host";
    },
  },
  {
    name: "load a program into the kernel (bpf)",
    class: "kernel surface",
    script: refusedForArguments("321, 280", "5", "0", "0"),
    without: "as root with SYS_ADMIN and without the seccomp profile",
    loosen: asRoot("SYS_ADMIN"),
  },
  {
    name: "load a module into the kernel",
    class: "kernel surface",
    script: refusedForArguments("313, 273", "-1", 'b""', "0"),
    without: "as root with SYS_MODULE and without the seccomp profile",
    loosen: asRoot("SYS_MODULE"),
    unavailable: ({ values }) => (values["modules"] === 1 ? undefined : "its kernel takes no modules"),
  },
  {
    name: "count events of the processor (perf_event_open)",
    class: "kernel surface",
    script: refusedForArguments("298, 241", "0", "0", "-1", "-1", "0"),
    without: "without the seccomp profile",
    loosen: withoutSeccomp,
  },
  {
    name: "use the keyring of the kernel",
    class: "kernel surface",
    script: 'tried(lambda: syscall(both(248, 217), b"user", b"probe", b"x", ctypes.c_size_t(1), -3))',
    without: "without the seccomp profile",
    loosen: withoutSeccomp,
  },
  {
    name: "handle page faults (userfaultfd)",
    class: "kernel surface",
    script: "tried(lambda: syscall(both(323, 282), 1))",
    without: "without the seccomp profile",
    loosen: withoutSeccomp,
  },
  {
    name: "queue operations past the filter (io_uring)",
    class: "kernel surface",
    script: "tried(lambda: syscall(both(425, 425), 8, ctypes.create_string_buffer(256)))",
    without: "without the seccomp profile and the runner's own filter",
    loosen: withoutSeccomp,
  },
  {
    name: "open sockets of families that nobody needs",
    class: "kernel surface",
    script: `
import socket
opened = []
for family in set(range(64)) - {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6}:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind).close()
            opened.append(family)
        except OSError:
            pass
did(opened, opened)
`,
    without: "without the runner's own filter",
    loosen: () => {},
  },
  {
    name: "run a program from memory (memfd)",
    class: "kernel surface",
    script: `
import subprocess
def run():
    f = os.memfd_create("probe", 0)
    with open("/bin/echo", "rb") as program:
        os.write(f, program.read())
    return subprocess.run(["/proc/self/fd/%d" % f, NONCE], pass_fds=[f], capture_output=True, text=True).stdout
tried(run)
`,
    judge: ({ facts, nonce }) => facts?.ok === true && facts.detail.startsWith(nonce),
    without: "without the runner's own filter",
    loosen: () => {},
  },
  {
    name: "watch files for changes (inotify)",
    class: "kernel surface",
    script: "tried(lambda: syscall(both(294, 26), 0))",
    without: "without the runner's own filter",
    loosen: () => {},
  },
  {
    name: "slow down process 1",
    class: "kernel surface",
    script: `
done = []
for name, change in (
    ("priority", lambda: os.setpriority(os.PRIO_PROCESS, 1, 19)),
    ("scheduler", lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))),
    ("processors", lambda: os.sched_setaffinity(1, {min(os.sched_getaffinity(0))})),
):
    try:
        change()
        done.append(name)
    except OSError:
        pass
did(done, done)
`,
    without: "without the runner's own filter",
    loosen: () => {},
  },
  {
    name: "open a file by its handle, past every folder",
    class: "kernel surface",
    script: `
handle = ctypes.create_string_buffer(b"\\x08\\0\\0\\0\\x01\\0\\0\\0" + b"\\0" * 8)
folder = os.open("/tmp", os.O_RDONLY)
try:
    did(True, syscall(both(304, 265), folder, handle, 0))
except OSError as error:
    did(error.errno not in (errno.EPERM, errno.EACCES, errno.ENOSYS), errno.errorcode[error.errno])
`,
    without: "as root with DAC_READ_SEARCH and without the seccomp profile",
    loosen: asRoot("DAC_READ_SEARCH"),
  },
  {
    name: "set the clock of the machine",
    class: "kernel surface",
    script: `
def set_tick():
    value = ctypes.create_string_buffer(256)
    syscall(both(159, 171), value)
    value[0:4] = (0x4000).to_bytes(4, "little")
    return syscall(both(159, 171), value)
tried(set_tick)
`,
    without: "as root with SYS_TIME and without the seccomp profile",
    loosen: asRoot("SYS_TIME"),
  },
  {
    name: "read the messages of the kernel",
    class: "kernel surface",
    script: "tried(lambda: syscall(both(103, 116), 10, 0, 0))",
    without: "as root with SYSLOG and without the seccomp profile",
    loosen: asRoot("SYSLOG"),
  },
  {
    name: "start process accounting",
    class: "kernel surface",
    script: refusedForArguments("163, 89", 'b"/proc/self/probe-does-not-exist"'),
    without: "as root with SYS_PACCT and without the seccomp profile",
    loosen: asRoot("SYS_PACCT"),
  },
  {
    name: "write to /proc/sys",
    class: "kernel surface",
    script: `
def write():
    path = "/proc/sys/kernel/hostname"
    value = open(path).read()
    with open(path, "w") as f:
        f.write(value)
    return path
tried(write)
`,
    without: "as root with a writable /proc/sys",
    loosen: (host, spec, lab) => {
      asRoot()(host, spec, lab);
      host["ReadonlyPaths"] = [];
    },
  },
  {
    name: "read the timers of the kernel",
    class: "kernel surface",
    script: `
text = ""
def read():
    global text
    with open("/proc/timer_list") as f:
        text = f.read(100)
try:
    read()
except OSError:
    pass
did(len(text) > 10, "%d characters" % len(text))
`,
    without: "as root with nothing masked",
    loosen: (host, spec, lab) => {
      asRoot()(host, spec, lab);
      host["MaskedPaths"] = [];
    },
  },
  {
    name: "look at the machine's firmware",
    class: "kernel surface",
    script: `
names = os.listdir("/sys/firmware")
did(names, names)
`,
    without: "with nothing masked",
    loosen: (host) => {
      host["MaskedPaths"] = [];
    },
    unavailable: ({ values }) => (values["firmware"] === 1 ? undefined : "it shows no firmware"),
  },
  {
    name: "change its own limits (cgroup)",
    class: "kernel surface",
    script: `
import glob
paths = [p for p in ("/sys/fs/cgroup/pids/cgroup.procs", "/sys/fs/cgroup/cgroup.procs") if os.path.exists(p)]
tried(lambda: os.close(os.open(paths[0], os.O_WRONLY)))
`,
    without: "as root with the host's groups mounted",
    loosen: (host, spec) => {
      host["Binds"] = ["/sys/fs/cgroup:/sys/fs/cgroup:rw"];
      host["CgroupnsMode"] = "host";
      spec.User = "0:0";
    },
  },
];
