/**
 * Attempts to get rights, and to reach devices.
 */
import type { DockerRow } from "./docker-probe.ts";

/** The rows of these classes. */
export const privilegeAndDeviceRows: readonly DockerRow[] = [
  {
    name: "become root (setuid)",
    class: "privileges",
    script: "tried(lambda: os.setuid(0) or os.getuid())",
    without: "as root",
    loosen: (_host, spec) => {
      spec.User = "0:0";
    },
  },
  {
    name: "become another user",
    class: "privileges",
    script: "tried(lambda: os.setresuid(1234, 1234, 1234) or os.getuid())",
    without: "as root with SETUID",
    loosen: (host, spec) => {
      host["CapAdd"] = ["SETUID"];
      spec.User = "0:0";
    },
  },
  {
    name: "join another group",
    class: "privileges",
    script: "tried(lambda: os.setgroups([0]) or os.getgroups())",
    without: "as root with SETGID",
    loosen: (host, spec) => {
      host["CapAdd"] = ["SETGID"];
      spec.User = "0:0";
    },
  },
  {
    name: "run a program that belongs to root and sets its user",
    class: "privileges",
    script: `
import subprocess
child = subprocess.Popen(["/bin/su", "root"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
line = ""
for _ in range(50):
    time.sleep(0.02)
    try:
        line = [l for l in open("/proc/%d/status" % child.pid) if l.startswith("Uid:")][0]
    except (OSError, IndexError):
        break
    if line.split()[2] == "0":
        break
child.kill()
did(line.split()[2:3] == ["0"], line.strip())
`,
    without: "without no-new-privileges",
    loosen: (host) => {
      host["SecurityOpt"] = [];
    },
  },
  {
    name: "hold a capability that a program could use",
    class: "privileges",
    script: `
line = [l for l in open("/proc/self/status") if l.startswith("CapBnd")][0]
did(int(line.split()[1], 16) != 0, line.strip())
`,
    without: "without dropping capabilities",
    loosen: (host) => {
      host["CapDrop"] = [];
    },
  },
  {
    name: "give a file to root",
    class: "privileges",
    script: `
open("/tmp/f", "w").close()
tried(lambda: os.chown("/tmp/f", 0, 4) or os.stat("/tmp/f").st_gid)
`,
    without: "as root with CHOWN",
    loosen: (host, spec) => {
      host["CapAdd"] = ["CHOWN"];
      spec.User = "0:0";
    },
  },
  {
    name: "read what only root may read",
    class: "privileges",
    script: "tried(lambda: open('/etc/shadow').read()[:5])",
    judge: ({ facts }) => facts?.ok === true && facts.detail.startsWith("root:"),
    without: "as root",
    loosen: (_host, spec) => {
      spec.User = "0:0";
    },
  },
  {
    name: "open a disk of the host",
    class: "devices",
    script: `
import stat
found = []
for name in os.listdir("/dev"):
    path = "/dev/" + name
    try:
        if stat.S_ISBLK(os.stat(path).st_mode):
            with open(path, "rb") as f:
                found.append((path, len(f.read(512))))
    except OSError as error:
        found.append((path, error.strerror))
did([each for each in found if each[1] == 512], found)
`,
    without: "with the disk as a device, as root",
    loosen: (host, spec, { values }) => {
      const path = `/dev/${values["disk"]}`;
      host["Devices"] = [{ PathOnHost: path, PathInContainer: path, CgroupPermissions: "r" }];
      spec.User = "0:0";
    },
    unavailable: ({ values }) => (values["disk"] === "" ? "it shows no disk" : undefined),
  },
  {
    name: "make a device in /tmp",
    class: "devices",
    script: `
import stat
tried(lambda: os.mknod("/tmp/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3)))
`,
    without: "as root with MKNOD",
    loosen: (host, spec) => {
      host["CapAdd"] = ["MKNOD"];
      spec.User = "0:0";
    },
  },
  {
    name: "use a device that it made",
    class: "devices",
    script: `
import stat
def use():
    os.mknod("/tmp/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    return os.close(os.open("/tmp/null", os.O_RDWR))
tried(use)
`,
    without: "as root with MKNOD and devices allowed in /tmp",
    loosen: (host, spec) => {
      host["CapAdd"] = ["MKNOD"];
      host["Tmpfs"] = { "/tmp": "rw,dev,mode=1777" };
      spec.User = "0:0";
    },
  },
  {
    name: "open the log, the memory or the machine through /dev",
    class: "devices",
    script: `
opened = []
for name in ("kmsg", "mem", "kmem", "port", "kvm", "fuse", "net/tun", "loop-control", "vsock", "hwrng", "tty0", "console"):
    try:
        os.close(os.open("/dev/" + name, os.O_RDONLY | os.O_NONBLOCK))
        opened.append(name)
    except OSError:
        pass
did(opened, opened)
`,
    without: "with a device of the host",
    loosen: (host, _spec, { values }) => {
      const path = `/dev/${values["device"]}`;
      host["Devices"] = [{ PathOnHost: path, PathInContainer: path, CgroupPermissions: "rw" }];
      host["GroupAdd"] = ["0"];
      _spec.User = "0:0";
    },
    unavailable: ({ values }) => (values["device"] === "" ? "it has none of these devices" : undefined),
  },
  {
    name: "put a file into /dev",
    class: "devices",
    script: `
def put():
    with open("/dev/probe", "w") as f:
        f.write("x")
tried(put)
`,
    without: "as root",
    loosen: (_host, spec) => {
      spec.User = "0:0";
    },
  },
  {
    name: "type into a terminal (TIOCSTI)",
    class: "devices",
    script: "tried(lambda: os.close(os.open('/dev/tty', os.O_RDWR)))",
    without: "with a terminal",
    loosen: (_host, spec) => {
      spec.Tty = true;
    },
  },
];
