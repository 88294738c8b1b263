/**
 * Attempts to take more memory or processor time than was given.
 */
import type { DockerRow } from "./docker-probe.ts";

const MIB = 1024 * 1024;

/** Uses the processor until a share of a second is used, and tells the share of the time that it got. */
const MEASURE_SHARE = `
started, used = time.monotonic(), time.process_time()
while time.process_time() - used < 0.2 and time.monotonic() - started < 10:
    pass
share = (time.process_time() - used) / (time.monotonic() - started)
did(share > 0.1, "a share of %.3f processors" % share)
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
held = 0
for _ in range(7):
    read, write = os.pipe()
    if os.fork() == 0:
        block = b"x" * (100 * 2**20)
        os.write(write, b"1")
        time.sleep(20)
        os._exit(0)
    os.close(write)
    held += len(os.read(read, 1))
did(held == 7, "%d children hold 100 MiB each" % held)
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
    without: "with 16 MiB of locked memory allowed",
    loosen: (host) => {
      host["Ulimits"] = [{ Name: "memlock", Soft: 16 * MIB, Hard: 16 * MIB }];
    },
  },
  {
    name: "use more than its share of the processor",
    class: "CPU",
    script: MEASURE_SHARE,
    docker: { cpus: 0.05 },
    limits: { runningMs: 30_000 },
    without: "without a share (the sandbox had 0.05)",
    loosen: (host) => {
      host["NanoCpus"] = 0;
    },
  },
  {
    name: "use more than its share by several processes",
    class: "CPU",
    script: `
def burn(write):
    used, started = time.process_time(), time.monotonic()
    while time.monotonic() - started < 2.5:
        pass
    os.write(write, b"%020.9f" % (time.process_time() - used))
    os._exit(0)
read, write = os.pipe()
started = time.monotonic()
for _ in range(4):
    if os.fork() == 0:
        burn(write)
total = sum(float(os.read(read, 20)) for _ in range(4))
share = total / (time.monotonic() - started)
did(share > 0.1, "a share of %.3f processors" % share)
`,
    docker: { cpus: 0.05 },
    limits: { runningMs: 30_000 },
    without: "without a share (the sandbox had 0.05)",
    loosen: (host) => {
      host["NanoCpus"] = 0;
    },
  },
  {
    name: "compute on after its processor time is over",
    class: "CPU",
    script: `
while time.process_time() < 3:
    pass
did(True, "%.1f s of processor time" % time.process_time())
`,
    docker: { maxCpuSeconds: 1 },
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
  {
    name: "ask for the processor in real time",
    class: "CPU",
    script: `
tried(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
`,
    without: "as root with SYS_NICE",
    loosen: (host, spec) => {
      host["CapAdd"] = ["SYS_NICE"];
      host["CpuRealtimeRuntime"] = undefined;
      host["Ulimits"] = [{ Name: "rtprio", Soft: 10, Hard: 10 }];
      spec.User = "0:0";
    },
  },
];
