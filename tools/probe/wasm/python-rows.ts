/**
 * Attempts by Python in a live session of the WASM sandbox. The control of each is the same script in a plain python3
 * on this host.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ScriptLimits } from "../../../src/script/limits.ts";
import type { ProbeClass } from "../probe.ts";
import type { ScriptRun } from "../script-run.ts";
import type { WasmLab } from "./lab.ts";

/** One attempt as data. */
export interface PythonRow {
  readonly name: string;
  readonly class: ProbeClass;
  readonly script: string;
  /** @default what the script says of itself */
  readonly judge?: (run: ScriptRun, lab: WasmLab) => boolean;
  /** A success is that the script got hold of the secret. */
  readonly steals?: true;
  readonly mayEnd?: true;
  readonly limits?: Partial<ScriptLimits>;
}

const appeared: PythonRow["judge"] = ({ nonce }, { folder }) => existsSync(join(folder, nonce));

/** The rows. */
export const pythonRows: readonly PythonRow[] = [
  {
    name: "connect to a TCP port of the host",
    class: "network",
    script: `
import socket
def steal():
    with socket.create_connection(("127.0.0.1", LAB["port"]), 3) as s:
        s.sendall(NONCE.encode())
        return s.recv(1000).decode()
tried(steal)
`,
    judge: ({ nonce, facts }, { received, secret }) =>
      received.some((text) => text.includes(nonce)) || facts?.detail.includes(secret) === true,
  },
  {
    name: "fetch a page",
    class: "network",
    script: `
import urllib.request
tried(lambda: urllib.request.urlopen("http://127.0.0.1:%d/" % LAB["port"], timeout=3).read().decode())
`,
    steals: true,
  },
  {
    name: "look up a name",
    class: "network",
    script: `
import socket
tried(lambda: socket.getaddrinfo("localhost", 80, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
`,
    judge: ({ facts }) => facts?.ok === true && facts.detail === "127.0.0.1",
  },
  {
    name: "listen on a port of the host",
    class: "network",
    script: `
import socket
def serve():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(1)
    client = socket.create_connection(server.getsockname(), 2)
    connection = server.accept()[0]
    client.sendall(NONCE.encode())
    return connection.recv(100).decode()
tried(serve)
`,
    judge: ({ facts, nonce }) => facts?.detail === nonce,
  },
  {
    name: "read a file of the host",
    class: "filesystem",
    script: "tried(lambda: open(LAB['file']).read())",
    steals: true,
  },
  {
    name: "write a file on the host",
    class: "filesystem",
    script: `
def write():
    os.makedirs(LAB["folder"], exist_ok=True)
    with open(LAB["folder"] + "/" + NONCE, "w") as f:
        f.write("x")
tried(write)
`,
    judge: appeared,
  },
  {
    name: "reach a file of the host through a symbolic link",
    class: "filesystem",
    script: `
def read():
    os.symlink(LAB["file"], "/tmp/" + NONCE)
    try:
        return open("/tmp/" + NONCE).read()
    finally:
        os.unlink("/tmp/" + NONCE)
tried(read)
`,
    steals: true,
  },
  {
    name: "see the host's folders",
    class: "filesystem",
    script: "tried(lambda: os.listdir(LAB['folder']))",
    judge: ({ facts }) => facts?.detail.includes("secret.txt") === true,
  },
  {
    name: "read the host's environment",
    class: "processes",
    script: "did(True, os.environ.get('TOOLSCRIPT_PROBE_SECRET', sorted(os.environ)))",
    steals: true,
  },
  {
    name: "run a program of the host by a shell",
    class: "processes",
    script: `
def run():
    status = os.system("echo x > '%s/%s'" % (LAB["folder"], NONCE))
    return status
tried(run)
`,
    judge: appeared,
  },
  {
    name: "run a program of the host directly",
    class: "processes",
    script: `
import subprocess
tried(lambda: subprocess.run(["/bin/sh", "-c", "echo x > '%s/%s'" % (LAB["folder"], NONCE)], check=True).returncode)
`,
    judge: appeared,
  },
  {
    name: "make a second process (fork)",
    class: "processes",
    script: `
def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.waitpid(child, 0)[0] == child
tried(fork)
`,
  },
  {
    name: "start a thread",
    class: "processes",
    script: `
import threading
def start():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
tried(start)
`,
  },
  {
    name: "send a signal to a process of the host",
    class: "processes",
    script: "tried(lambda: os.kill(LAB['pid'], 0) or os.kill(LAB['pid'], 28))",
    // A kill that says it worked is judged by whether it knows processes from numbers that are none.
    judge: ({ facts }) => facts?.ok === true,
  },
  {
    name: "see a process of the host",
    class: "processes",
    script: "tried(lambda: open('/proc/%d/cmdline' % LAB['pid']).read())",
    judge: ({ facts }) => facts?.detail.includes("sleep") === true,
  },
  {
    name: "read the memory of a process of the host",
    class: "memory",
    script: "tried(lambda: open('/proc/%d/environ' % LAB['pid']).read())",
    steals: true,
  },
  {
    name: "loop for ever, catching every interrupt",
    class: "CPU",
    script: `
started = time.monotonic()
while time.monotonic() - started < 4:
    try:
        while time.monotonic() - started < 4:
            pass
    except BaseException:
        pass
did(True, "computed for 4 s")
`,
    mayEnd: true,
    limits: { runningMs: 300, interruptGraceMs: 300 },
  },
  {
    name: "compute in one long operation that looks at no signal",
    class: "CPU",
    script: `
time.sleep(0.1)
started = time.monotonic()
while time.monotonic() - started < 4:
    sum(range(2 * 10**7))
did(True, "computed for 4 s")
`,
    mayEnd: true,
    limits: { runningMs: 300, interruptGraceMs: 300 },
  },
  {
    name: "call the kernel by numbers",
    class: "kernel surface",
    script: `
import ctypes
def getpid():
    libc = ctypes.CDLL(None)
    return libc.getppid()
try:
    tried(getpid)
except Exception as error:
    did(False, error)
`,
    judge: ({ facts }, { values }) => facts?.ok === true && facts.detail === String(values["hostPid"]),
  },
  {
    name: "load a library of the host",
    class: "kernel surface",
    script: `
import ctypes, glob
def load():
    for pattern in ("/lib/*/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libSystem.dylib", "/lib/libc.so.6"):
        for path in glob.glob(pattern) or [pattern]:
            try:
                return ctypes.CDLL(path)
            except OSError as error:
                last = error
    raise last
tried(load)
`,
  },
  {
    name: "learn of the machine",
    class: "kernel surface",
    script:
      "did(True, open('/proc/version').read()) if os.path.exists('/proc/version') else did(False, 'no /proc')",
  },
  {
    name: "become another user of the host",
    class: "privileges",
    script: `
def change():
    os.setuid(1234)
    with open("/proc/self/status") as f:
        return [line for line in f if line.startswith("Uid")][0]
tried(change)
`,
    judge: ({ facts }) => facts?.ok === true && facts.detail.includes("1234"),
  },
  {
    name: "open a device of the host",
    class: "devices",
    script: `
def use():
    with open("/dev/full", "wb", buffering=0) as f:
        try:
            f.write(b"x")
        except OSError as error:
            return "the kernel says " + error.strerror
    return "it takes everything"
tried(use)
`,
    judge: ({ facts }) => facts?.detail.includes("No space left") === true,
  },
  {
    name: "share memory with a process of the host",
    class: "other containers",
    script: `
def share():
    from multiprocessing import shared_memory
    block = shared_memory.SharedMemory(create=True, size=64)
    try:
        return os.path.exists("/dev/shm/" + block.name.lstrip("/"))
    finally:
        block.close()
        block.unlink()
tried(share)
`,
  },
];
