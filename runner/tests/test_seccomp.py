"""The runner's own filter of system calls, in a process of its own."""

import os
import subprocess
import sys
import unittest

from session import Session

RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")

PROGRAM = """
import ctypes, socket, sys, threading
sys.path.insert(0, sys.argv[1])
from toolscript_runner.seccomp import tighten
before = ctypes.CDLL(None, use_errno=True)
print(tighten())
def attempt(work):
    try:
        work()
        return "ok"
    except OSError as error:
        return error.errno
print(attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()))
print(attempt(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close()))
print(attempt(lambda: socket.socket(40, socket.SOCK_STREAM).close()))
for number in (425, 426, 427):
    print(before.syscall(number, 4, ctypes.create_string_buffer(256), 0, 0, 0, 0), ctypes.get_errno())
thread = threading.Thread(target=lambda: print(attempt(lambda: socket.socket(40, socket.SOCK_STREAM).close())))
thread.start()
thread.join()
"""


@unittest.skipUnless(
    sys.platform == "linux" and os.uname().machine in ("x86_64", "aarch64"), "the filter is for Linux on x86_64 and aarch64"
)
class Filter(unittest.TestCase):
    def test_refuses_what_old_profiles_let_through_and_nothing_else(self):
        done = subprocess.run(
            [sys.executable, "-I", "-c", PROGRAM, RUNNER], capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        self.assertEqual(done.stderr, "")
        lines = done.stdout.split("\n")
        self.assertEqual(lines[:4], ["True", "ok", "ok", "1"])
        self.assertEqual(lines[4:8], ["-1 1", "-1 1", "-1 1", "1"])

    def test_stands_before_any_script_runs(self):
        session = Session()
        self.addCleanup(session.close)
        code = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('Seccomp:')])"
        self.assertEqual(session.run(code).stdout, "['2']\n")


if __name__ == "__main__":
    unittest.main()
