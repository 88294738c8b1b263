/**
 * Attempts to reach the daemon and other containers.
 */
import type { DockerRow } from "./docker-probe.ts";

const DAEMON_SOCKET = "/var/run/docker.sock";

/** The rows of this class. */
export const otherContainerRows: readonly DockerRow[] = [
  {
    name: "talk to the Docker daemon",
    class: "other containers",
    script: `
import glob, socket
def ask():
    last = FileNotFoundError("no socket")
    places = ["/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock"]
    for path in places:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
                s.settimeout(3)
                s.connect(path)
                s.sendall(b"GET /_ping HTTP/1.0\\r\\n\\r\\n")
                return s.recv(200).decode().split("\\r\\n")[0]
        except OSError as error:
            last = error
    raise last
tried(ask)
`,
    without: "with the socket mounted, as root",
    loosen: (host, spec) => {
      host["Binds"] = [`${DAEMON_SOCKET}:${DAEMON_SOCKET}`];
      spec.User = "0:0";
    },
  },
  {
    name: "connect to a port of another container",
    class: "other containers",
    script: `
import socket
def steal():
    with socket.create_connection(("127.0.0.1", LAB["victimPort"]), 3) as s:
        return s.recv(100).decode()
tried(steal)
`,
    steals: true,
    without: "in the other container's network",
    loosen: (host, spec, { victim }) => {
      host["NetworkMode"] = `container:${victim}`;
      spec.NetworkDisabled = false;
      delete spec.Hostname;
    },
  },
  {
    name: "read a file of another container",
    class: "other containers",
    script: `
def read():
    for pid in sorted(filter(str.isdigit, os.listdir("/proc")), key=int):
        try:
            return open("/proc/%s/root/tmp/secret.txt" % pid).read()
        except OSError:
            continue
    return open("/tmp/secret.txt").read()
tried(read)
`,
    steals: true,
    without: "among the other container's processes",
    loosen: (host, _spec, { victim }) => {
      host["PidMode"] = `container:${victim}`;
    },
  },
  {
    name: "see and signal the processes of another container",
    class: "other containers",
    script: `
def signal():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if "libc.shmget" in open("/proc/%s/cmdline" % pid).read() and int(pid) != os.getpid():
            os.kill(int(pid), 0)
            return pid
    raise OSError("nobody else is there")
tried(signal)
`,
    without: "among the other container's processes",
    loosen: (host, _spec, { victim }) => {
      host["PidMode"] = `container:${victim}`;
    },
  },
  {
    name: "read the shared memory of another container",
    class: "other containers",
    script: `
import ctypes
libc.shmat.restype = ctypes.c_void_p
def read():
    segment = libc.shmget(LAB["sharedMemoryKey"], 4096, 0)
    if segment < 0:
        raise OSError(ctypes.get_errno(), "no such segment")
    return ctypes.string_at(libc.shmat(segment, None, 0o10000), 40).decode("latin1")
tried(read)
`,
    steals: true,
    without: "with the other container's shared memory",
    loosen: (host, _spec, { victim }) => {
      host["IpcMode"] = `container:${victim}`;
    },
  },
];
