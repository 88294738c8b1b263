/**
 * Attempts to take more memory or processor time than was given.
 */
import type { DockerRow } from "./docker-probe.ts";

const MIB = 1024 * 1024;

/** Uses the processor, and asks the kernel's books how often it was held back: this also tells on a busy machine. */
const USE_PROCESSOR = `
def held_back():
    for path in ("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat", "/sys/fs/cgroup/cpu,cpuacct/cpu.stat"):
        if os.path.exists(path):
            found = dict(line.split() for line in open(path))
            if "nr_throttled" in found:
                return int(found["nr_throttled"])
    return 0
before = held_back()
def use(seconds):
    used = time.process_time()
    while time.process_time() - used < seconds:
        pass
`;

/** The rows of these classes. */
export const memoryAndCpuRows: readonly DockerRow[] = [
  {
    name: "a memory bomb",
    class: "memory",
    script: `
blocks = []
while len(blocks) < 700:
    blocks.append(b"x" * 2**20)
did(True, "%d MiB held" % len(blocks))
`,
    mayEnd: true,
    without: "with 1200 MiB instead of 512",
    loosen: (host) => Object.assign(host, { Memory: 1200 * MIB, MemorySwap: 1200 * MIB }),
  },
  {
    name: "a memory bomb over several processes",
    class: "memory",
    script: `
children = []
for _ in range(7):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        block = b"x" * (100 * 2**20)
        os.write(write, b"1")
        time.sleep(30)
        os._exit(0)
    os.close(write)
    os.read(read, 1)
    children.append(child)
time.sleep(0.3)
held = sum(os.waitpid(child, os.WNOHANG)[0] == 0 for child in children)
for child in children:
    try:
        os.kill(child, 9)
    except OSError:
        pass
did(held == 7, "%d of 7 children hold 100 MiB each" % held)
`,
    mayEnd: true,
    without: "with 1200 MiB instead of 512",
    loosen: (host) => Object.assign(host, { Memory: 1200 * MIB, MemorySwap: 1200 * MIB }),
  },
  {
    name: "hide memory in /dev/shm",
    class: "memory",
    script: `
written = 0
try:
    with open("/dev/shm/x", "wb", buffering=0) as f:
        for _ in range(40):
            written += f.write(b"x" * 2**20)
except OSError:
    pass
did(written > 17 * 2**20, "%d MiB written" % (written // 2**20))
`,
    without: "with 64 MiB of shared memory instead of 16",
    loosen: (host) => {
      host["ShmSize"] = 64 * MIB;
    },
  },
  {
    name: "hide memory in shared memory segments",
    class: "memory",
    script: `
import ctypes
libc.shmat.restype = ctypes.c_void_p
held = 0
for index in range(12):
    segment = libc.shmget(index + 1, 64 * 2**20, 0o1600)
    address = libc.shmat(segment, None, 0) if segment >= 0 else None
    if not address or address == 2**64 - 1:
        break
    ctypes.memset(address, 1, 64 * 2**20)
    held += 64
did(held > 512, "%d MiB held" % held)
`,
    mayEnd: true,
    without: "with 1200 MiB instead of 512",
    loosen: (host) => Object.assign(host, { Memory: 1200 * MIB, MemorySwap: 1200 * MIB }),
  },
  {
    name: "lock memory, so that it cannot be moved out",
    class: "memory",
    script: `
import ctypes
block = ctypes.create_string_buffer(2**20)
tried(lambda: syscall(both(149, 228), ctypes.c_void_p(ctypes.addressof(block)), ctypes.c_size_t(2**20)))
`,
    without: "with the daemon's own limits",
    loosen: (host) => {
      host["Ulimits"] = [];
    },
  },
  {
    name: "use more than its share of the processor",
    class: "CPU",
    script: `${USE_PROCESSOR}
use(0.3)
count = held_back() - before
did(count == 0, "held back %d times in 0.3 s of work" % count)
`,
    docker: { cpus: 0.05 },
    limits: { runningMs: 50_000 },
    without: "without a share (the sandbox had 0.05)",
    loosen: (host) => {
      host["NanoCpus"] = 0;
    },
  },
  {
    name: "use more than its share by several processes",
    class: "CPU",
    script: `${USE_PROCESSOR}
for _ in range(4):
    if os.fork() == 0:
        use(0.1)
        os._exit(0)
for _ in range(4):
    os.wait()
count = held_back() - before
did(count == 0, "held back %d times in 0.4 s of work" % count)
`,
    docker: { cpus: 0.05 },
    limits: { runningMs: 50_000 },
    without: "without a share (the sandbox had 0.05)",
    loosen: (host) => {
      host["NanoCpus"] = 0;
    },
  },
  {
    name: "compute on after its processor time is over",
    class: "CPU",
    script: `
while time.process_time() < 1.7:
    pass
did(True, "%.1f s of processor time" % time.process_time())
`,
    docker: { maxCpuSeconds: 1 },
    limits: { runningMs: 50_000 },
    mayEnd: true,
    without: "with an hour of processor time",
    loosen: (host) => {
      host["Ulimits"] = [{ Name: "cpu", Soft: 3600, Hard: 3600 }];
    },
  },
  {
    name: "loop past the running time, catching every interrupt",
    class: "CPU",
    script: `
started = time.monotonic()
while time.monotonic() - started < 5:
    try:
        while time.monotonic() - started < 5:
            pass
    except BaseException:
        pass
did(True, "computed for 5 s")
`,
    limits: { runningMs: 300, interruptGraceMs: 300 },
    mayEnd: true,
    without: "without a host that keeps the running time",
    loosen: () => {},
  },
];
