"""The runner's own filter of system calls, in a process of its own."""

import os
import subprocess
import sys
import unittest

from session import Session

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
RUNNER = sys.path[0]

from toolscript_runner.seccomp import _ARCHITECTURES, _assemble, _make_rules  # noqa: E402
from toolscript_runner.system_calls import read_calls  # noqa: E402

IS_HERE = sys.platform == "linux" and os.uname().machine in _ARCHITECTURES

# `call(name or number, ...)` gives "ok" or the name of the error.
PROGRAM = """
import ctypes, errno, os, signal, socket, subprocess, sys, threading
sys.path.insert(0, sys.argv[1])
from toolscript_runner.seccomp import tighten
from toolscript_runner.system_calls import read_calls
libc = ctypes.CDLL(None, use_errno=True)
victim = subprocess.Popen(["sleep", "20"])
assert tighten(victim.pid)
numbers = read_calls(os.uname().machine)
def attempt(work):
    try:
        work()
        return "ok"
    except OSError as error:
        return errno.errorcode[error.errno]
def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(numbers.get(number, number), *arguments)
    return "ok" if result >= 0 else errno.errorcode[ctypes.get_errno()]
try:
    exec(sys.argv[2])
finally:
    victim.kill()
"""


def run(code):
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, RUNNER, code], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return done.stdout.split("\n")[:-1], done.stderr


@unittest.skipUnless(IS_HERE, "the filter is for Linux on x86_64 and aarch64")
class Filter(unittest.TestCase):
    def says(self, code, *wanted):
        self.assertEqual(run(code), (list(wanted), ""))

    def test_there_are_sockets_of_three_families_and_no_others(self):
        code = """
for make in (socket.socket, socket.socketpair):
    kinds = {family: attempt(lambda: make(family, socket.SOCK_STREAM)) for family in range(64)}
    print(sorted(family for family, said in kinds.items() if said != "EAFNOSUPPORT"))
"""
        # The kernel itself has no pairs of internet sockets.
        self.says(code, "[1, 2, 10]", "[1, 2, 10]")

    def test_it_holds_in_threads_and_children(self):
        code = """
def netlink():
    print(attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)), flush=True)
thread = threading.Thread(target=netlink)
thread.start()
thread.join()
subprocess.run([sys.executable, "-c", "import socket\\ntry:\\n    socket.socket(16, 3)\\nexcept OSError as e:\\n    print(e.errno)"])
"""
        self.says(code, "EAFNOSUPPORT", "97")

    def test_what_python_does_not_need_is_not_there(self):
        names = {
            "x86_64": "memfd_create 319, execveat 322, memfd_secret 447, inotify_init 253, inotify_init1 294, fanotify_init 300,"
            " userfaultfd 323, bpf 321, perf_event_open 298, add_key 248, request_key 249, keyctl 250, ptrace 101,"
            " process_vm_readv 310, process_vm_writev 311, kcmp 312, pidfd_getfd 438, setns 308, unshare 272, mount 165,"
            " umount2 166, pivot_root 155, move_mount 429, open_tree 428, fsopen 430, mount_setattr 442, personality 135,"
            " quotactl 179, quotactl_fd 443, io_uring_setup 425, io_uring_enter 426, io_uring_register 427, io_setup 206,"
            " shmget 29, msgget 68, semget 64, mq_open 240, clone3 435, process_madvise 440, ioprio_set 251, syslog 103,"
            " open_by_handle_at 304, name_to_handle_at 303, vmsplice 278, add_a_future_call 9999, modify_ldt 154",
            "aarch64": "memfd_create 279, execveat 281, inotify_init1 26, ptrace 117, clone3 435, io_uring_setup 425",
        }[os.uname().machine]
        numbers = [int(entry.split()[1]) for entry in names.split(",")]
        code = "print({(number > 423 or number in (281, 322), call(number, -1, 0, 0, 0, 0, 0)) for number in %r})"
        lines, errors = run(code % numbers)
        self.assertEqual((eval(lines[0]), errors), ({(False, "EPERM"), (True, "ENOSYS")}, ""))

    def test_no_namespace_is_made(self):
        code = """
for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
    print(call("clone", ctypes.c_ulong(flag | 17), 0, 0, 0, 0))
"""
        self.says(code, *["EPERM"] * 7)

    def test_process_1_keeps_its_priority_processors_and_limits(self):
        code = """
import resource
pid = victim.pid
print(attempt(lambda: os.setpriority(os.PRIO_PROCESS, pid, 19)))
print(attempt(lambda: os.setpriority(os.PRIO_PGRP, 0, 19)))
print(attempt(lambda: os.setpriority(os.PRIO_USER, 0, 19)))
print(attempt(lambda: os.sched_setaffinity(pid, {0})))
print(attempt(lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))))
print(attempt(lambda: os.sched_setparam(pid, os.sched_param(0))))
print(attempt(lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, 0))))
"""
        self.says(code, *["EPERM"] * 7)

    def test_a_script_may_change_its_own(self):
        code = """
import resource
print(attempt(lambda: os.nice(1)))
print(attempt(lambda: os.setpriority(os.PRIO_PROCESS, os.getpid(), 5)))
print(attempt(lambda: os.sched_setaffinity(0, os.sched_getaffinity(0))))
print(attempt(lambda: os.sched_setscheduler(os.getpid(), os.SCHED_BATCH, os.sched_param(0))))
print(attempt(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))))
print(attempt(lambda: resource.prlimit(os.getpid(), resource.RLIMIT_CORE, (0, 0))))
"""
        self.says(code, *["ok"] * 6)

    def test_what_python_needs_works(self):
        code = """
import asyncio, concurrent.futures, mmap, multiprocessing, multiprocessing.shared_memory, select, shutil, tempfile, time
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(abs, range(-10, 0))))
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(sum(pool.map(abs, range(-10, 0))))
context = multiprocessing.get_context("spawn")
queue = context.Queue()
queue.put(5)
print(queue.get())
memory = multiprocessing.shared_memory.SharedMemory(create=True, size=100)
memory.close()
memory.unlink()
async def serve():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    said = await process.communicate(b"piped")
    print(await reader.read(), said[0])
    writer.close()
    server.close()
asyncio.run(serve())
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a")
    open(path, "w").write("text")
    os.chmod(path, 0o600)
    os.mkfifo(os.path.join(folder, "b"))
    shutil.copy2(path, path + "2")
    shutil.make_archive(folder + "/c", "zip", folder + "/", "a2")
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 4) as mapped:
        print(mapped[:])
    print(sorted(os.listdir(folder)), os.path.getsize(path))
signal.setitimer(signal.ITIMER_REAL, 60)
signal.alarm(0)
print(len(os.urandom(8)), time.sleep(0.001), os.cpu_count() > 0, len(select.select([], [], [], 0)))
print(subprocess.run("echo $(printf shell) | cat", shell=True, capture_output=True, text=True).stdout.strip())
"""
        self.says(
            code,
            "55",
            "55",
            "5",
            "b'' b'piped'",
            "b'text'",
            "['a', 'a2', 'b', 'c.zip'] 4",
            "8 None True 3",
            "shell",
        )

    def test_it_stands_before_any_script_runs(self):
        session = Session()
        self.addCleanup(session.close)
        code = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('Seccomp:')])"
        self.assertEqual(session.run(code).stdout, "['2']\n")


class Rules(unittest.TestCase):
    """For both machines, by carrying out the program of the filter."""

    def decide(self, machine, number, arguments=(), arch=None):
        code = _assemble(_ARCHITECTURES[machine], _make_rules(machine, 1))
        lines = [code[at : at + 8] for at in range(0, len(code), 8)]
        words = {0: number, 4: _ARCHITECTURES[machine] if arch is None else arch}
        for index in range(6):
            words[16 + 8 * index] = arguments[index] if index < len(arguments) else 0
        at, value = 0, 0
        while True:
            operation = int.from_bytes(lines[at][:2], "little")
            operand = int.from_bytes(lines[at][4:], "little")
            if operation == 0x06:
                return "allow" if operand == 0x7FFF0000 else operand & 0xFFFF
            if operation == 0x20:
                value = words[operand]
                at += 1
                continue
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: value & operand != 0}[operation]
            at += 1 + lines[at][2 if holds else 3]

    def test_exactly_the_listed_calls_are_there(self):
        """[docker.system-calls]"""
        for machine in _ARCHITECTURES:
            calls = read_calls(machine)
            judged = {"socket", "socketpair", "setpriority"}
            allowed = {number for number in range(600) if self.decide(machine, number) == "allow"}
            self.assertEqual(allowed, {number for name, number in calls.items() if name not in judged} | {calls["setpriority"]})
            for number in (435, 600, 0x3FFFFFFF, 0x40000000, 0x40000000 + calls["read"], 0xFFFFFFFF):
                self.assertEqual(self.decide(machine, number), 38)

    def test_a_foreign_architecture_is_refused(self):
        for machine in _ARCHITECTURES:
            self.assertEqual(self.decide(machine, 1, arch=0x40000003), 1)

    def test_arguments_are_looked_at(self):
        for machine in _ARCHITECTURES:
            calls = read_calls(machine)
            for family in range(50):
                wanted = "allow" if family in (1, 2, 10) else 97
                self.assertEqual(self.decide(machine, calls["socket"], (family,)), wanted)
                self.assertEqual(self.decide(machine, calls["socketpair"], (family,)), wanted)
            for name in ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "prlimit64"):
                self.assertEqual(self.decide(machine, calls[name], (1,)), 1)
                self.assertEqual(self.decide(machine, calls[name], (0,)), "allow")
            for arguments, wanted in (((0, 0), "allow"), ((0, 7), "allow"), ((0, 1), 1), ((1, 0), 1), ((2, 0), 1)):
                self.assertEqual(self.decide(machine, calls["setpriority"], arguments), wanted)
            self.assertEqual(self.decide(machine, calls["clone"], (0x003D0F00,)), "allow")
            self.assertEqual(self.decide(machine, calls["clone"], (0x10000000 | 17,)), 1)


if __name__ == "__main__":
    unittest.main()
