/**
 * Attempts to write or run what must not be, and to fill disks.
 */
import { stat } from "node:fs/promises";
import type { DockerRow } from "./docker-probe.ts";

const tmpfs =
  (options: string): DockerRow["loosen"] =>
  (host) => {
    host["Tmpfs"] = { "/tmp": options };
  };

const writableRoot: DockerRow["loosen"] = (host) => {
  host["ReadonlyRootfs"] = false;
};

const readLogBytes = (printed: string): number => Number(/LOG-BYTES (\d+)/.exec(printed)?.[1] ?? 0);

/** The rows of this class. */
export const filesystemRows: readonly DockerRow[] = [
  {
    name: "write outside /tmp",
    class: "filesystem",
    script: `
def write(path):
    with open(path, "w") as f:
        f.write(NONCE)
    return path
places = ["/", "/var/tmp", "/run", "/home", "/usr/local", "/opt", "/etc", "/run/lock", "/var/lib"]
written = []
for place in places:
    try:
        written.append(write(place + "/probe"))
    except OSError:
        pass
did(written, written)
`,
    without: "with a writable root",
    loosen: writableRoot,
  },
  {
    name: "change a program of the image as its owner",
    class: "filesystem",
    script: `
import shutil
python = os.path.realpath(sys.executable)
tried(lambda: os.utime(python, (1, 1)) or python)
`,
    without: "as root with a writable root",
    loosen: (host, spec) => {
      host["ReadonlyRootfs"] = false;
      spec.User = "0:0";
    },
  },
  {
    name: "write through a symbolic link in /tmp",
    class: "filesystem",
    script: `
def write():
    os.symlink("/var/tmp/" + NONCE, "/tmp/link")
    with open("/tmp/link", "w") as f:
        f.write("x")
    return os.path.exists("/var/tmp/" + NONCE)
tried(write)
`,
    without: "with a writable root",
    loosen: writableRoot,
  },
  {
    name: "read the password file through a symbolic link in /tmp",
    class: "filesystem",
    script: `
def read():
    os.symlink("/etc/shadow", "/tmp/link")
    return open("/tmp/link").read()[:5]
tried(read)
`,
    judge: ({ facts }) => facts?.ok === true && facts.detail.startsWith("root:"),
    without: "as root",
    loosen: (_host, spec) => {
      spec.User = "0:0";
    },
  },
  {
    name: "run a program from /tmp",
    class: "filesystem",
    script: `
import shutil, subprocess
shutil.copy("/bin/echo", "/tmp/program")
os.chmod("/tmp/program", 0o755)
tried(lambda: subprocess.run(["/tmp/program", NONCE], capture_output=True, check=True).stdout.decode())
`,
    judge: ({ facts, nonce }) => facts?.detail.trim() === nonce,
    without: "without noexec on /tmp",
    loosen: tmpfs("rw,exec,nosuid,nodev,size=64m,mode=1777"),
  },
  {
    name: "map code from /tmp into memory",
    class: "filesystem",
    script: `
import mmap
with open("/tmp/code", "wb") as f:
    f.write(b"\\xc3" * 4096)
f = os.open("/tmp/code", os.O_RDONLY)
tried(lambda: len(mmap.mmap(f, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)))
`,
    without: "without noexec on /tmp",
    loosen: tmpfs("rw,exec,nosuid,nodev,size=64m,mode=1777"),
  },
  {
    name: "run a program from /dev/shm",
    class: "filesystem",
    script: `
import shutil, subprocess
shutil.copy("/bin/echo", "/dev/shm/program")
os.chmod("/dev/shm/program", 0o755)
tried(lambda: subprocess.run(["/dev/shm/program", NONCE], capture_output=True, check=True).stdout.decode())
`,
    judge: ({ facts, nonce }) => facts?.detail.trim() === nonce,
    without: "without noexec on /dev/shm",
    loosen: (host) => {
      host["Tmpfs"] = { "/tmp": "rw,mode=1777", "/dev/shm": "rw,exec,mode=1777" };
    },
  },
  {
    name: "fill the memory's disk /tmp beyond its size",
    class: "filesystem",
    script: `
written = 0
def fill():
    global written
    block = b"x" * 2**20
    for index in range(100):
        with open("/tmp/%d" % index, "wb", buffering=0) as f:
            written += f.write(block)
try:
    fill()
except OSError:
    pass
did(written > 64 * 2**20, "%d MiB written" % (written // 2**20))
`,
    without: "with a /tmp of 200 MiB",
    loosen: tmpfs("rw,noexec,nosuid,nodev,size=200m,mode=1777"),
  },
  {
    name: "write one file larger than /tmp",
    class: "filesystem",
    script: `
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def grow():
    with open("/tmp/sparse", "wb") as f:
        f.truncate(2**34)
tried(grow)
`,
    without: "without a limit on the size of files",
    loosen: (host) => {
      host["Ulimits"] = [{ Name: "fsize", Soft: -1, Hard: -1 }];
    },
  },
  {
    name: "use up the inodes of /tmp",
    class: "filesystem",
    script: `
made = 0
try:
    for index in range(20000):
        os.close(os.open("/tmp/%d" % index, os.O_CREAT | os.O_WRONLY))
        made += 1
except OSError:
    pass
did(made > 16384, "%d files made" % made)
`,
    without: "without a limit on inodes",
    loosen: tmpfs("rw,noexec,nosuid,nodev,size=64m,mode=1777,nr_inodes=100000"),
  },
  {
    name: "fill the host's disk with output",
    class: "filesystem",
    script: `
line = "x" * 1023
for index in range(4096):
    print(line)
    if index % 64 == 0:
        print(line, file=sys.stderr)
did(True, "4 MiB printed")
time.sleep(1)
`,
    limits: { maxOutputBytes: 16 * 1024 * 1024 },
    look: async (container) => {
      const { LogPath } = await container.inspect();
      const size = LogPath === "" ? 0 : ((await stat(LogPath).catch(() => undefined))?.size ?? 0);
      return `\nLOG-BYTES ${size}\n`;
    },
    judge: ({ stdout }) => readLogBytes(stdout) > 1024 * 1024,
    evidence: ({ stdout }) => `${readLogBytes(stdout)} bytes in the daemon's log`,
    without: "with the daemon's usual log driver",
    loosen: (host) => {
      host["LogConfig"] = { Type: "json-file", Config: {} };
    },
    unavailable: () =>
      process.platform === "linux" ? undefined : "the daemon's files cannot be looked at from here",
  },
  {
    name: "read a file of the host",
    class: "filesystem",
    script: `
def read():
    for root in ("", "/proc/1/root", "/proc/self/root", "/proc/1/cwd/../../../..", "/host", "/proc/thread-self/root"):
        try:
            return open(root + LAB["file"]).read()
        except OSError as error:
            last = error
    raise last
tried(read)
`,
    steals: true,
    without: "with the host's folder mounted",
    loosen: (host, _spec, { folder }) => {
      host["Binds"] = [`${folder}:${folder}:ro`];
    },
  },
  {
    name: "mount a file system",
    class: "filesystem",
    script: `
tried(lambda: syscall(both(165, 40), b"none", b"/tmp", b"tmpfs", 0, 0))
`,
    without: "as root with SYS_ADMIN and without the seccomp profile",
    loosen: (host, spec) => {
      host["CapAdd"] = ["SYS_ADMIN"];
      host["SecurityOpt"] = ["no-new-privileges", "seccomp=unconfined", "apparmor=unconfined"];
      spec.User = "0:0";
    },
  },
  {
    name: "remount the root writable",
    class: "filesystem",
    script: `
tried(lambda: syscall(both(165, 40), b"none", b"/", b"", 0x1000 | 0x20, 0))
`,
    without: "as root with SYS_ADMIN and without the seccomp profile",
    loosen: (host, spec) => {
      host["CapAdd"] = ["SYS_ADMIN"];
      host["SecurityOpt"] = ["no-new-privileges", "seccomp=unconfined", "apparmor=unconfined"];
      spec.User = "0:0";
    },
  },
  {
    name: "change the root directory",
    class: "filesystem",
    script: `
tried(lambda: os.chroot("/tmp"))
`,
    without: "as root with SYS_CHROOT and without the seccomp profile",
    loosen: (host, spec) => {
      host["SecurityOpt"] = ["no-new-privileges", "seccomp=unconfined", "apparmor=unconfined"];
      host["CapAdd"] = ["SYS_CHROOT"];
      spec.User = "0:0";
    },
  },
];
