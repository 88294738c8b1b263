"""Cells behave as CPython does with a script."""

import subprocess
import sys
import tempfile
import unittest

from session import Session, tool


def plain(text):
    """A traceback without the marks that not every version prints."""
    return "\n".join(line for line in text.splitlines() if line.strip(" ^~") or not line)


class Cells(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.session = Session()
        cls.addClassCleanup(cls.session.close)
        cls.session.declare(tool("get", "x"))

    def run_cell(self, code, **limits):
        return self.session.run(code, lambda call: call["input"]["x"], **limits)

    def assert_like_python(self, code, return_code):
        """The same output, error text and exit code as `python script.py`; only the file's name differs."""
        result = self.run_cell(code)
        with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
            script.write(code)
            script.flush()
            expected = subprocess.run([sys.executable, "-I", script.name], capture_output=True, text=True)
            name = "<cell %d>" % self.session._cell
            self.assertEqual(result.stderr, expected.stderr.replace(script.name, name))
        self.assertEqual(result.stdout, expected.stdout)
        self.assertEqual((result.return_code, expected.returncode), (return_code, return_code))

    def test_tracebacks_are_those_of_cpython(self):
        for code in (
            "def f(x):\n    return 1 / x\n\n\nprint('a')\nf(0)\n",
            "try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('v') from e\n",
            "try:\n    {}['k']\nexcept KeyError:\n    int('x')\n",
            "x = = 1\n",
            "def f():\n  return 1\n    y\n",
            "import json\njson.loads('{')\n",
            "text = '''\nmany\nlines'''\nraise Exception(text)\n",
            "def f(n):\n    return f(n + 1) + 1\n\n\ntry:\n    f(0)\nexcept RecursionError as e:\n    print(e)\n",
            "import warnings\nwarnings.warn('careful')\n",
            "assert 1 == 2, 'no'\n",
        ):
            with self.subTest(code):
                code_ok = "RecursionError" in code or "warn" in code
                self.assert_like_python(code, 0 if code_ok else 1)

    @unittest.skipIf(sys.version_info < (3, 11), "older versions print __main__ before the name")
    def test_an_exception_class_of_the_script(self):
        self.assert_like_python("class E(Exception):\n    pass\n\n\nraise E('own')\n", 1)

    @unittest.skipIf(sys.version_info < (3, 11), "exception groups and notes came with Python 3.11")
    def test_groups_and_notes(self):
        self.assert_like_python(
            "e = ValueError('a')\ne.add_note('note')\nraise ExceptionGroup('g', [e, KeyError('b')])\n", 1
        )

    def test_recursion_overflow(self):
        result = self.run_cell("def f(n):\n    return f(n + 1)\nf(0)")
        self.assertIn("[Previous line repeated", result.stderr)
        self.assertIn("\nRecursionError: maximum recursion depth exceeded", result.stderr)
        self.assertEqual(self.run_cell("print(1)").stdout, "1\n")

    def test_asyncio_run_has_no_frame_of_ours(self):
        code = "import asyncio\nasync def main():\n    1 / 0\nasyncio.run(main())"
        for prefix in ("", "await asyncio.sleep(0)\n"):
            result = self.run_cell("import asyncio\n" + prefix + code)
            self.assertNotIn("toolscript", result.stderr)
            self.assertIn("in main\n    1 / 0\n", plain(result.stderr))

    def test_exit_codes(self):
        for code, expected in (
            ("import sys\nsys.exit(3)", (3, "")),
            ("raise SystemExit('x')", (1, "x\n")),
            ("import sys\nsys.exit(None)", (0, "")),
            ("import sys\nsys.exit(-1)", (255, "")),
            ("import sys\nsys.exit(True)", (1, "")),
            ("exit(4)", (4, "")),
            (
                "import asyncio\nasync def f():\n  raise SystemExit(5)\nawait asyncio.gather(f(), asyncio.sleep(9))",
                (5, ""),
            ),
            ("import asyncio\nasync def f():\n  raise SystemExit(6)\nasyncio.run(f())", (6, "")),
        ):
            with self.subTest(code):
                result = self.run_cell(code)
                self.assertEqual((result.return_code, result.stderr), expected)

    def test_keyboard_interrupt_of_the_script(self):
        result = self.run_cell("raise KeyboardInterrupt")
        self.assertEqual(result.return_code, 130)
        self.assertTrue(result.stderr.endswith("\nKeyboardInterrupt\n"))

    def test_an_excepthook_of_the_script_is_honoured(self):
        code = "import sys\nold = sys.excepthook\nsys.excepthook = lambda k, e, t: print('hook', k.__name__, t.tb_lineno)\n1/0"
        result = self.run_cell(code)
        self.assertEqual((result.stdout, result.stderr, result.return_code), ("hook ZeroDivisionError 4\n", "", 1))
        self.run_cell("sys.excepthook = old")
        self.assertIn("line 1, in <module>", self.run_cell("1/0").stderr)

    def test_an_exception_whose_text_fails_ends_the_cell_cleanly(self):
        result = self.run_cell("class E(Exception):\n  def __str__(self): raise ValueError\nraise E")
        self.assertEqual(result.return_code, 1)
        self.assertRegex(result.stderr, r"E: <(exception str\(\) failed|unprintable E object)>")

    def test_variables_persist_also_after_an_exception(self):
        self.run_cell("a = 1\ndef f(): return a + 1\nb = 2\n1/0")
        self.assertEqual(self.run_cell("print(a, b, f())").stdout, "1 2 2\n")
        self.run_cell("c = await get(x=3)\nraise SystemExit(1)")
        self.assertEqual(self.run_cell("print(c)").stdout, "3\n")

    def test_the_namespace_is_main(self):
        code = """
import pickle, dataclasses, typing, sys
@dataclasses.dataclass
class Row:
    a: "int"
    b: typing.Optional['Row'] = None
print(__name__, pickle.loads(pickle.dumps(Row(1))), typing.get_type_hints(Row)["a"].__name__, sys.modules["__main__"].Row is Row)
if __name__ == "__main__":
    print("main")
"""
        self.assertEqual(self.run_cell(code).stdout, "__main__ Row(a=1, b=None) int True\nmain\n")

    def test_future_imports_multi_line_strings_and_source_lines(self):
        code = 'from __future__ import annotations\nimport inspect\ndef f(x: Nope):\n    return """\na\n"""\nprint(f(1), inspect.getsource(f), end="")'
        self.assertEqual(self.run_cell(code).stdout, '\na\n def f(x: Nope):\n    return """\na\n"""\n')

    def test_top_level_await_in_every_form(self):
        code = """
import asyncio, contextlib
async def numbers():
    for i in range(3):
        yield i
        await asyncio.sleep(0)
@contextlib.asynccontextmanager
async def lock():
    yield 'in'
print([i async for i in numbers()])
async for i in numbers():
    print(i, end=' ')
async with lock() as state:
    print(state)
print((await asyncio.gather(get(1), get(2))), asyncio.current_task() is not None)
"""
        self.assertEqual(self.run_cell(code).stdout, "[0, 1, 2]\n0 1 2 in\n[1, 2] True\n")

    def test_source_that_cannot_be_compiled_at_all(self):
        self.assertEqual(self.run_cell("a\0b").return_code, 1)
        self.assertEqual(self.run_cell("x = '\ud800'").return_code, 1)
        self.assertEqual(self.run_cell("(" * 10000).return_code, 1)

    def test_memory_error_is_an_ordinary_exception(self):
        result = self.run_cell("x = bytearray(2 ** 62)")
        self.assertIn("MemoryError", result.stderr)
        self.assertEqual(self.run_cell("print('alive')").stdout, "alive\n")

    def test_tasks_left_behind_are_cancelled_and_named(self):
        code = """
import asyncio
async def audit():
    try:
        await get(x=1)
    finally:
        print('cleaned')
t = asyncio.create_task(audit(), name='late')
await asyncio.sleep(0)
await asyncio.sleep(0)
"""
        result = self.session.run(code)
        self.assertEqual(
            result.stderr, "late (audit) was not finished when the cell ended and was cancelled; await it in the cell\n"
        )
        self.assertEqual(result.stdout, "cleaned\n")
        self.assertEqual(len(result.of("cancel")), 1)
        self.assertEqual(self.run_cell("print(t.cancelled())").stdout, "True\n")

    def test_a_task_that_refuses_to_be_cancelled_does_not_hold_the_cell(self):
        code = """
import asyncio
async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass
t = asyncio.create_task(stubborn())
await asyncio.sleep(0)
"""
        self.assertEqual(self.run_cell(code).return_code, 0)
        self.assertEqual(self.run_cell("await asyncio.sleep(0.01); print(1)").stdout, "1\n")

    def test_an_error_of_a_task_that_nobody_awaits_is_shown(self):
        code = "import asyncio\nasync def f():\n  1/0\nt = asyncio.create_task(f())\nawait asyncio.sleep(0)\ndel t"
        result = self.run_cell(code)
        self.assertIn("Task exception was never retrieved", result.stderr)
        self.assertNotIn("toolscript", result.stderr)


if __name__ == "__main__":
    unittest.main()
