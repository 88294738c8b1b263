"""The driver for a process of its own: descriptors, signals, forks, the end."""

import os
import signal
import tempfile
import unittest

from session import HELLO, LIMITS, MARKER, Session, tool


class StdioCase(unittest.TestCase):
    def setUp(self):
        self.session = Session()
        self.addCleanup(self.session.close)
        self.session.declare(tool("get", "x"))

    def interrupt(self):
        os.kill(self.session.process.pid, signal.SIGINT)


class Interrupts(StdioCase):
    def start_and_interrupt(self, code):
        """Interrupts once the script has printed."""
        self.session.start(code)
        self.assertEqual(self.session.receive()["type"], "output")
        self.interrupt()
        return self.session.finish()

    def test_a_busy_script(self):
        result = self.start_and_interrupt("kept = 1\nprint('go', flush=True)\nwhile True:\n    pass")
        self.assertEqual(result.return_code, 130)
        self.assertTrue(result.stderr.endswith("KeyboardInterrupt\n"))
        self.assertIn("<cell 1>", result.stderr)
        self.assertEqual(self.session.run("print(kept)").stdout, "1\n")

    def test_a_script_that_sleeps(self):
        result = self.start_and_interrupt("import time\nprint('go')\ntime.sleep(60)")
        self.assertEqual(result.return_code, 130)

    def test_a_script_that_prints_without_end(self):
        self.session.start("n = 0\nwhile True:\n    n += 1\n    print(n)", maxOutputBytes=1000)
        self.session.receive()
        self.interrupt()
        result = self.session.finish()
        self.assertEqual((result.return_code, result.stderr), (130, ""))
        self.assertGreater(int(self.session.run("print(n)").stdout), 0)

    def blocked_then_interrupted(self, code):
        self.session.start(code)
        while self.session.receive()["type"] != "blocked":
            pass
        self.interrupt()
        return self.session.finish()

    def test_a_script_that_waits_for_a_call(self):
        for code in (
            "kept = 1\nasync def f():\n    await get(1)\nawait f()",
            "kept = 1\nimport asyncio\nasync def f():\n    await get(1)\nasyncio.run(f())",
            "kept = 1\nimport asyncio\nawait asyncio.sleep(0)\nasync def f():\n    await get(1)\nasyncio.run(f())",
            "kept = 1\nimport asyncio\nasync def f():\n    await get(1)\nawait asyncio.gather(f(), f())",
        ):
            with self.subTest(code):
                result = self.blocked_then_interrupted(code)
                self.assertEqual(result.return_code, 130)
                self.assertTrue(result.stderr.endswith("KeyboardInterrupt\n"), result.stderr)
                self.assertNotIn("toolscript", result.stderr)
                self.assertGreaterEqual(len(result.of("cancel")), 1)
                self.assertEqual(self.session.run("print(kept)").stdout, "1\n")

    def test_the_place_where_it_waited_is_shown(self):
        result = self.blocked_then_interrupted("async def f():\n    await get(1)\nawait f()")
        self.assertIn("line 2, in f\n    await get(1)\n", result.stderr)

    def test_cleanup_runs_and_may_call_tools(self):
        self.session.start("try:\n    await get(1)\nfinally:\n    print(await get(2))")
        while self.session.receive()["type"] != "blocked":
            pass
        self.interrupt()
        result = self.session.finish(lambda call: "cleaned")
        self.assertEqual((result.stdout, result.return_code), ("cleaned\n", 130))

    def test_a_second_interrupt_is_not_gentle(self):
        code = "import asyncio\nwhile True:\n    try:\n        await get(1)\n    except asyncio.CancelledError:\n        pass"
        self.session.start(code)
        for _ in range(2):
            while self.session.receive()["type"] != "blocked":
                pass
            self.interrupt()
        self.assertEqual(self.session.finish().return_code, 130)

    def test_between_cells_it_is_ignored(self):
        self.session.run("1")
        self.interrupt()
        self.assertEqual(self.session.run("print(1)").stdout, "1\n")

    def test_a_storm_of_interrupts_never_corrupts_the_protocol(self):
        for _ in range(20):
            self.session.start("import asyncio\nfor i in range(10 ** 9):\n    print(await get(i))")
            answered = 0
            while answered < 5:
                frame = self.session.receive()
                if frame["type"] == "call":
                    self.session.send({"type": "result", "id": frame["id"], "value": 1})
                    answered += 1
                    if answered > 2:
                        self.interrupt()
                if frame["type"] == "done":
                    break
            else:
                while frame["type"] != "done":
                    self.interrupt()
                    frame = self.session.receive()
            self.assertEqual(frame["returnCode"], 130)
        self.assertEqual(self.session.run("print('alive')").stdout, "alive\n")


class Process(StdioCase):
    def test_private_descriptors_are_not_inherited(self):
        code = "import subprocess\nprint(subprocess.check_output(['ls', '/proc/self/fd'], close_fds=False, text=True).split())"
        self.assertEqual(self.session.run(code).stdout, "['0', '1', '2', '3']\n")

    def test_a_forked_child_writes_no_frames(self):
        code = """
import os, sys
print('parent', end=' ')
pid = os.fork()
if pid == 0:
    print('child')
    os._exit(0)
os.waitpid(pid, 0)
print('again')
"""
        result = self.session.run(code)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.stdout.count("parent"), 1)
        self.assertEqual(sorted(result.stdout.split()), ["again", "child", "parent"])

    def test_a_forked_child_that_returns_ends_with_the_cell(self):
        code = "import os\npid = os.fork()\nif pid:\n    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\nelse:\n    import sys; sys.exit(7)"
        self.assertEqual(self.session.run(code).stdout, "7\n")
        self.assertEqual(self.session.run("print('one')").stdout, "one\n")

    def test_a_forked_child_cannot_call_tools(self):
        code = """
import os
pid = os.fork()
if pid:
    os.waitpid(pid, 0)
else:
    try:
        await get(1)
    except ToolError as e:
        print(e)
    os._exit(0)
"""
        result = self.session.run(code, lambda call: 1)
        self.assertEqual(result.inputs, [])
        self.assertIn("no cell is running in this process", result.stdout)

    def test_multiprocessing(self):
        code = """
import multiprocessing
if __name__ == '__main__':
    with multiprocessing.get_context('fork').Pool(2) as pool:
        print(pool.map(abs, [-1, -2]))
"""
        self.assertEqual(self.session.run(code).stdout, "[1, 2]\n")

    def test_exit_ends_it_promptly_whatever_still_runs(self):
        self.session.run("import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()")
        self.session.send({"type": "exit"})
        self.assertEqual(self.session.process.wait(10), 0)

    def test_end_of_file_ends_a_script_that_waits(self):
        self.session.start("await get(1)")
        for _ in range(2):
            self.session.receive()
        self.assertEqual(self.session.close(), 0)

    def test_end_of_file_ends_a_script_that_computes(self):
        self.session.start("print('go')\ntry:\n    while True: pass\nexcept BaseException:\n    while True: pass")
        self.session.receive()
        self.assertEqual(self.session.close(), 0)

    def test_os_exit_ends_the_process(self):
        self.session.start("import os\nos._exit(9)")
        self.assertEqual(self.session.process.wait(10), 9)

    def test_modules_in_the_working_directory_can_be_imported(self):
        with tempfile.TemporaryDirectory() as folder:
            code = "import os\nos.chdir(%r)\nopen('own_module.py', 'w').write('x = 5')\nimport own_module\nprint(own_module.x)"
            self.assertEqual(self.session.run(code % folder).stdout, "5\n")
            self.session.run("os.chdir('/')")

    def test_argv_and_environment_are_those_of_a_script_without_arguments(self):
        code = "import sys, argparse\nprint(sys.argv, argparse.ArgumentParser().parse_args())"
        self.assertEqual(self.session.run(code).stdout, "[''] Namespace()\n")


class Handshake(unittest.TestCase):
    def fails_with(self, *frames, hello=HELLO):
        session = Session(hello)
        self.addCleanup(session.close)
        for frame in frames:
            session.send_bytes(frame if isinstance(frame, bytes) else __import__("json").dumps(frame).encode() + b"\n")
        text = session.process.stderr.read().decode()
        self.assertEqual(session.close(), 70)
        self.assertFalse(text.startswith(MARKER))
        return text

    def test_another_version_is_answered_and_refused(self):
        session = Session(dict(HELLO, version=2))
        self.assertEqual(session.hello["version"], 1)
        self.assertIn("the host speaks version 2", session.process.stderr.read().decode())
        self.assertEqual(session.close(), 70)

    def test_frames_are_validated(self):
        """[frames.runner-validates]"""
        run = {"type": "run", "cell": 1, "code": "1", "limits": LIMITS}
        for frame, message in (
            (b"nonsense\n", "not JSON"),
            (b"[1]\n", "not a JSON object"),
            (b"\xff\n", "not UTF-8"),
            ({"type": "other"}, "unknown type 'other'"),
            ({"type": "run", "cell": 1, "code": "1"}, "run has no field 'limits'"),
            (dict(run, cell=0), "run.cell is 0, expected an integer >= 1"),
            (dict(run, code=1), "run.code is 1, expected a string"),
            (dict(run, extra=1), "run has the unknown field 'extra'"),
            (dict(run, limits=dict(LIMITS, maxCalls="1")), "run.limits.maxCalls is '1'"),
            ({"type": "tools", "tools": [{"name": "a"}]}, "tools[] has no field 'python'"),
            ({"type": "tools", "tools": [tool("a", python="a-b")]}, "expected an ASCII identifier"),
            ({"type": "tools", "tools": [tool("a"), tool("b", python="a")]}, "two tools have the name 'a'"),
            ({"type": "result", "id": True, "value": 1}, "result.id is True"),
            ({"type": "error", "id": 1, "kind": "other", "message": ""}, "error.kind is 'other'"),
            (HELLO, "a second 'hello' came"),
        ):
            with self.subTest(frame):
                self.assertIn(message, self.fails_with(frame))

    def test_hello_comes_first(self):
        self.assertIn("came before 'hello'", self.fails_with({"type": "tools", "tools": []}, hello=None))
        self.assertIn("hello.marker", self.fails_with(dict(HELLO, marker="short"), hello=None))

    def test_run_while_a_cell_runs_is_refused(self):
        session = Session()
        session.declare(tool("get"))
        session.start("await get()")
        for _ in range(2):
            session.receive()
        session.start("1")
        self.assertIn("a 'run' frame came while a cell was running", session.process.stderr.read().decode())
        self.assertEqual(session.close(), 70)


if __name__ == "__main__":
    unittest.main()
