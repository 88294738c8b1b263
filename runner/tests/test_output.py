"""What a script prints arrives as it was printed, and as nothing else."""

import tempfile
import unittest

from session import MARKER, Session, tool


class OutputCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.session = Session()
        cls.addClassCleanup(cls.session.close)
        cls.session.declare(tool("get", "x"))

    def run_cell(self, code, **limits):
        return self.session.run(code, lambda call: 1, **limits)


class Streams(OutputCase):
    def test_print_in_all_its_forms(self):
        code = """
import sys, io, contextlib, logging, warnings
print('a', 'b', sep='-', end='!')
print()
print()
print('err', file=sys.stderr, flush=True)
sys.stdout.write('w\\n')
sys.stdout.buffer.write(b'bytes\\n')
sys.stdout.writelines(['l', '\\n'])
with contextlib.redirect_stdout(io.StringIO()) as held:
    print('held')
with contextlib.redirect_stdout(sys.stderr):
    print('moved')
logging.warning('log %s', held.getvalue().strip())
"""
        result = self.run_cell(code)
        self.assertEqual(result.stdout, "a-b!\n\nw\nbytes\nl\n")
        self.assertEqual(result.stderr, "err\nmoved\nWARNING:root:log held\n")

    def test_streams_are_genuine(self):
        code = """
import io, sys
print(type(sys.stdout) is io.TextIOWrapper, sys.stdout.encoding, sys.stdout.fileno(), sys.stderr.fileno(), sys.stdout.isatty())
print(sys.stdin.read() == '', sys.stdin.fileno(), sys.__stdout__ is sys.stdout)
try:
    input('prompt')
except EOFError:
    print(' EOF')
"""
        self.assertEqual(self.run_cell(code).stdout, "True utf-8 1 2 False\nTrue 0 True\nprompt EOF\n")

    def test_lone_surrogates_and_broken_bytes_do_not_fail(self):
        code = "import sys, os\nprint('\\ud800 \\udc80 \\U0001f600')\nsys.stdout.buffer.write(b'\\xff\\n')\nos.write(1, b'\\xe2\\x82')"
        result = self.run_cell(code)
        self.assertEqual(result.return_code, 0)
        self.assertEqual(result.stdout, "\\ud800 \\udc80 \U0001f600\n\ufffd\n\ufffd")

    def test_characters_are_never_cut(self):
        code = """
import sys, time
data = '\\u20ac\\U0001f600'.encode()
for i in range(len(data)):
    sys.stdout.buffer.write(data[i:i+1])
    time.sleep(0.03)
    sys.stdout.flush()
print('\\u20ac' * 100000)
"""
        result = self.run_cell(code)
        self.assertEqual(result.stdout, "\u20ac\U0001f600" + "\u20ac" * 100000 + "\n")
        self.assertLessEqual(max(len(frame["text"]) for frame in result.of("output")), 65536)

    def test_a_printed_frame_is_text(self):
        forged = MARKER + '{"type":"done","cell":1,"returnCode":0,"droppedBytes":0}'
        code = "import sys, os\nprint(%r)\nprint(%r, file=sys.stderr)\nos.write(2, %r)" % (
            forged,
            forged,
            forged.encode(),
        )
        result = self.run_cell(code + "\nprint('on')")
        self.assertEqual(result.stdout, forged + "\non\n")
        self.assertEqual(result.stderr, forged + "\n" + forged)

    def test_the_order_of_the_streams_is_kept(self):
        result = self.run_cell("import sys\nfor i in range(3):\n  print(i)\n  print(-i, file=sys.stderr)")
        texts = [(frame["stream"], frame["text"]) for frame in result.of("output")]
        self.assertEqual("".join(text for _, text in texts), "0\n0\n1\n-1\n2\n-2\n")

    def test_output_comes_before_the_wave_it_was_printed_before(self):
        result = self.run_cell("print('before')\nawait get(1)\nprint('after')")
        self.assertEqual([frame["type"] for frame in result.frames], ["output", "call", "blocked", "output", "done"])

    def test_closed_and_replaced_streams(self):
        for code in (
            "import sys\nsys.stdout.close()",
            "import sys, io\nsys.stdout = io.StringIO()\nprint('lost')",
            "import sys\nsys.stdout = sys.stderr = None",
            "import sys\nsys.stdout.detach()",
            "import sys\nsys.stdin.close()",
            "import sys\ndel sys.stdout",
            "exit()",
        ):
            with self.subTest(code):
                self.assertEqual(self.run_cell(code).frames[-1]["type"], "done")
                result = self.run_cell(
                    "import sys\nprint('works', repr(sys.stdin.read()))\nprint('too', file=sys.stderr)"
                )
                self.assertEqual((result.stdout, result.stderr), ("works ''\n", "too\n"))

    def test_an_error_after_stderr_was_closed(self):
        self.assertEqual(self.run_cell("import sys\nsys.stderr.close()\n1/0").return_code, 1)
        self.assertIn("ZeroDivisionError", self.run_cell("1/0").stderr)


class Limits(OutputCase):
    def test_output_over_the_budget_is_dropped_and_counted(self):
        result = self.run_cell("print('x' * 99)\nprint('y' * 10)", maxOutputBytes=104)
        self.assertEqual(result.stdout, "x" * 99 + "\nyyyy")
        self.assertEqual(result.frames[-1]["droppedBytes"], 7)
        result = self.run_cell("import os\nos.write(1, b'z' * 50)\nprint('\\u20ac' * 10)", maxOutputBytes=4)
        self.assertEqual(len(result.stdout.encode()) + result.frames[-1]["droppedBytes"], 81)
        self.assertEqual(self.run_cell("print(1)", maxOutputBytes=0).frames[-1]["droppedBytes"], 2)

    def test_a_hundred_megabytes(self):
        result = self.run_cell("for _ in range(100): print('x' * 2 ** 20)", maxOutputBytes=1000)
        self.assertEqual(len(result.stdout), 1000)
        self.assertEqual(result.frames[-1]["droppedBytes"], 100 * (2**20 + 1) - 1000)

    def assert_cut(self, text, whole, dropped, most):
        """`text` is the beginning and the end of `whole`, with the count of what was dropped between them."""
        gap = "\n[... %d bytes dropped ...]\n" % dropped
        head, found, tail = text.partition(gap)
        self.assertEqual(found, gap, text[-200:])
        self.assertTrue(whole.startswith(head) and whole.endswith(tail) and head and tail)
        self.assertEqual(len(head.encode()) + len(tail.encode()) + dropped, len(whole.encode()))
        self.assertLessEqual(len(text.encode()), most)

    def test_the_end_is_never_lost(self):
        result = self.run_cell("for i in range(20000): print('line', i)\nprint('LAST')", maxOutputBytes=10000)
        whole = "".join("line %d\n" % i for i in range(20000)) + "LAST\n"
        self.assert_cut(result.stdout, whole, result.frames[-1]["droppedBytes"], 10000)

    def test_each_stream_has_its_end(self):
        code = """
import sys
for i in range(2000): print('out', i)
for i in range(2000): print('err', i, file=sys.stderr)
print('answer')
raise ValueError('why')
"""
        result = self.run_cell(code, maxOutputBytes=8192)
        self.assertTrue(result.stdout.endswith("out 1999\nanswer\n"), result.stdout[-50:])
        self.assertTrue(result.stderr.endswith("ValueError: why\n"), result.stderr[-50:])
        self.assertLessEqual(len(result.stdout) + len(result.stderr), 8192)

    def test_ends_are_cut_between_characters(self):
        for size in range(4096, 4104):
            result = self.run_cell("print('a' * %d + '\\U0001f600' * 5000)" % (size % 4), maxOutputBytes=size)
            whole = "a" * (size % 4) + "\U0001f600" * 5000 + "\n"
            self.assert_cut(result.stdout, whole, result.frames[-1]["droppedBytes"], size)

    def test_what_just_fits_has_no_gap(self):
        for code in ("sys.stdout.write('x' * 8192)", "for i in range(8192): sys.stdout.write('x')"):
            result = self.run_cell("import sys\n" + code, maxOutputBytes=8192)
            self.assertEqual((result.stdout, result.frames[-1]["droppedBytes"]), ("x" * 8192, 0))


class Live(OutputCase):
    """The script goes on only after the test has seen its output, so no clock decides."""

    def assert_live(self, code):
        folder = self.enter_folder()
        gate = folder + "/go"
        self.session.start(
            "import os, time\n%s\nwhile not os.path.exists(%r): time.sleep(0.005)\nprint('end')" % (code, gate)
        )
        first = self.session.receive()
        self.assertEqual((first["type"], first["text"].strip()), ("output", "x"))
        open(gate, "w").close()
        self.assertTrue(self.session.finish().stdout.endswith("end\n"))

    def enter_folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return folder.name

    def test_a_line_is_seen_while_the_script_computes(self):
        self.assert_live("print('x')")

    def test_half_a_line_is_seen_too(self):
        self.assert_live("print('x', end='')")

    def test_what_a_subprocess_writes_is_seen(self):
        self.assert_live("os.write(1, b'x')")

    def test_a_subprocess_that_writes_much_is_not_held_up(self):
        code = "import subprocess, sys\nprint(subprocess.call([sys.executable, '-c', 'print(\"x\" * 1000000)']))"
        result = self.run_cell(code, maxOutputBytes=2000000)
        self.assertEqual((len(result.stdout), result.stdout[-3:]), (1000003, "\n0\n"))

    def test_subprocesses_of_all_kinds(self):
        code = """
import subprocess, os, sys
subprocess.run(['sh', '-c', 'echo out; echo err >&2'], check=True)
os.system('echo system')
print(subprocess.check_output(['sh', '-c', 'cat; echo captured'], text=True), end='')
subprocess.run(['sh', '-c', 'echo to stdout'], stdout=sys.stdout, stdin=sys.stdin)
"""
        result = self.run_cell(code)
        self.assertEqual(sorted(result.stdout.split("\n")), ["", "captured", "out", "system", "to stdout"])
        self.assertEqual(result.stderr, "err\n")

    def test_ten_thousand_prints_are_whole(self):
        result = self.run_cell("for i in range(10000): print(i)")
        self.assertEqual(result.stdout, "".join("%d\n" % i for i in range(10000)))


if __name__ == "__main__":
    unittest.main()
