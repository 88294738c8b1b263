"""Process 1, started as a container starts it, with small programs in the place of the runner.

Each test runs with the machine's own program; those for every way also with arm64's in an emulator, where there is one,
and with the fall-back for kernels that start no program from memory.
"""

import os
import shutil
import signal
import subprocess
import sys
import unittest

RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
EMULATOR = shutil.which("qemu-aarch64")

# Splits in the way that argv[2] names; the child runs argv[3].
PROGRAM = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from toolscript_runner import process_one
def refuse(*_):
    raise OSError("no")
def emulate(file, arguments, environment, execve=os.execve):
    copy = "/proc/self/fd/%d" % file
    os.set_inheritable(file, True)
    execve(sys.argv[4], ["qemu-aarch64", copy], environment)
if sys.argv[2] == "fallback":
    os.memfd_create = refuse
if sys.argv[2] == "emulator":
    process_one.os.uname = lambda machine=os.uname(): type("Name", (), {"machine": "aarch64"})
    process_one.os.execve = emulate
    process_one.os.fchmod = lambda *_: None
lifeline = process_one.split()
process_one.end_with(lifeline.process_one)
def say(text):
    os.write(2, text.encode() + b"\\n")
def read_all(descriptor, enough):
    data = b""
    while len(data) < enough:
        data += os.read(descriptor, 65536)
    return data
say("ready")
exec(sys.argv[3])
"""


class Watched:
    def __init__(self, code, way="program"):
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, RUNNER, way, code, EMULATOR or ""],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.hear("ready")

    def hear(self, wanted):
        line = self.process.stderr.readline().decode().strip()
        if line != wanted:
            raise AssertionError("%r, expected %r" % (line, wanted))

    def hang_up(self):
        self.process.stdin.close()

    def end(self):
        """Waits for process 1 and returns its exit code."""
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass


SLEEP = "time.sleep(20)"


class InEveryWay:
    """What holds in each of the ways."""

    way = ""

    def start(self, code):
        return Watched(code, self.way)

    def test_it_ends_when_the_host_hangs_up(self):
        watched = self.start(SLEEP)
        watched.hang_up()
        self.assertEqual(watched.end(), 0)

    def test_it_ends_though_bytes_lie_unread_and_others_hold_the_reading_end(self):
        watched = self.start("os.fork()\n" + SLEEP)
        watched.process.stdin.write(b"x" * 100)
        watched.process.stdin.flush()
        watched.hang_up()
        self.assertEqual(watched.end(), 0)

    def test_it_ends_with_the_runner_and_its_exit_code(self):
        self.assertEqual(self.start("os._exit(7)").end(), 7)

    def test_a_runner_that_was_killed_gives_the_code_of_a_shell(self):
        self.assertEqual(self.start("os.kill(os.getpid(), 9)").end(), 137)
        self.assertEqual(self.start("os.kill(os.getpid(), 11)").end(), 139)

    def test_a_runner_that_ends_at_the_end_of_its_input_gives_its_code(self):
        watched = self.start("os.read(0, 1)\nos._exit(9)")
        watched.hang_up()
        self.assertEqual(watched.end(), 9)

    def test_interrupts_are_handed_on(self):
        code = """
def interrupted(*_):
    say("interrupted")
signal.signal(signal.SIGINT, interrupted)
say("set")
while True:
    time.sleep(20)
"""
        watched = self.start(code)
        watched.hear("set")
        for _ in range(3):
            watched.process.send_signal(signal.SIGINT)
            watched.hear("interrupted")
        watched.hang_up()
        self.assertEqual(watched.end(), 0)

    def test_storms_of_signals_and_orphans_do_not_disturb_it(self):
        code = """
signal.signal(signal.SIGINT, signal.SIG_IGN)
for _ in range(20000):
    os.kill(os.getppid(), signal.SIGINT)
for _ in range(100):
    if os.fork() == 0:
        os.fork() or os._exit(0)
        os._exit(0)
    os.wait()
os._exit(3)
"""
        self.assertEqual(self.start(code).end(), 3)


class Fallback(InEveryWay, unittest.TestCase):
    way = "fallback"


class Program(InEveryWay, unittest.TestCase):
    way = "program"

    def test_it_is_no_python_and_nobody_looks_into_it(self):
        """[docker.process-one]"""
        code = """
time.sleep(0.2)
parent = os.getppid()
say(open("/proc/%d/cmdline" % parent).read().strip("\\0"))
say(str(os.stat("/proc/%d/mem" % parent).st_uid))
os._exit(0)
"""
        watched = self.start(code)
        watched.hear("toolscript")
        watched.hear("0")
        self.assertEqual(watched.end(), 0)

    def test_it_takes_little_memory(self):
        watched = self.start("time.sleep(0.2)\nsay('now')\n" + SLEEP)
        watched.hear("now")
        with open("/proc/%d/smaps_rollup" % watched.process.pid) as rollup:
            proportional = [int(line.split()[1]) for line in rollup if line.startswith("Pss:")]
        self.assertLess(proportional[0], 200)
        watched.hang_up()
        self.assertEqual(watched.end(), 0)


class Taking(unittest.TestCase):
    """The input of a runner that does not read."""

    way = "program"

    def test_opening_the_input_anew_ends_it(self):
        for flags in ("os.O_RDONLY", "os.O_WRONLY", "os.O_RDWR"):
            with self.subTest(flags):
                code = "time.sleep(0.2)\nos.open('/proc/self/fd/0', %s)\n" % flags + SLEEP
                watched = Watched(code, self.way)
                watched.hear("toolscript: the script opened the input of its session")
                self.assertEqual(watched.end(), 77)

    def test_the_host_is_missed_behind_an_input_that_is_full(self):
        watched = Watched(SLEEP, self.way)
        # Returns when all but a pipe's worth was taken over, which this runner never reads.
        watched.process.stdin.write(b"x" * 3_000_000)
        watched.hang_up()
        self.assertEqual(watched.end(), 0)

    def test_the_host_is_missed_though_the_runner_says_that_it_reads(self):
        watched = Watched("os.pwrite(lifeline.page, b'x', process_one.READING)\n" + SLEEP, self.way)
        watched.process.stdin.write(b"x" * 300_000)
        watched.hang_up()
        self.assertEqual(watched.end(), 0)

    def test_a_runner_is_told_before_its_input_is_taken_over(self):
        code = """
while os.pread(lifeline.page, 1, process_one.TAKEN_OVER) != b"\\1":
    time.sleep(0.001)
say(str(len(read_all(lifeline.relay, 3000))))
os._exit(0)
"""
        watched = Watched(code, self.way)
        watched.process.stdin.write(b"x" * 3000)
        watched.process.stdin.flush()
        watched.hear("3000")
        self.assertEqual(watched.end(), 0)

    def test_what_was_taken_over_comes_in_order_and_whole(self):
        code = """
say("wait")
import hashlib
data = read_all(lifeline.relay, 3000000)
say(hashlib.sha256(data).hexdigest())
for _ in range(50):
    say(str(len(read_all(lifeline.relay, 1000))))
os._exit(0)
"""
        data = b"".join(b"%d\n" % number for number in range(1_000_000))[:3_000_000]
        watched = Watched(code, self.way)
        watched.hear("wait")
        watched.process.stdin.write(data)
        watched.process.stdin.flush()
        watched.hear(__import__("hashlib").sha256(data).hexdigest())
        for _ in range(50):
            watched.process.stdin.write(b"y" * 1000)
            watched.process.stdin.flush()
            watched.hear("1000")
        self.assertEqual(watched.end(), 0)


@unittest.skipIf(EMULATOR is None, "qemu-aarch64 is not installed")
class EmulatedProgram(InEveryWay, unittest.TestCase):
    way = "emulator"


@unittest.skipIf(EMULATOR is None, "qemu-aarch64 is not installed")
class EmulatedTaking(Taking):
    way = "emulator"


class Assembled(unittest.TestCase):
    def test_the_program_is_what_its_steps_say(self):
        sys.path.insert(0, os.path.join(RUNNER, "watcher"))
        try:
            import build
        finally:
            sys.path.pop(0)
        with open(build.TARGET) as file:
            written = file.read()
        self.assertEqual(written[written.index(build.BEGIN) :], build.render(), "run python3 runner/watcher/build.py")


del InEveryWay

if __name__ == "__main__":
    unittest.main()
