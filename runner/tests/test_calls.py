"""Tool calls as a script sees them."""

import unittest

from session import Session, tool


def echo(call):
    return call["input"]


class CallForms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.session = Session()
        cls.addClassCleanup(cls.session.close)
        cls.session.declare(
            tool("get_expenses", "employee_id", "quarter"), tool("fetch-url", "url", python="fetch_url"), tool("ping")
        )

    def inputs(self, code):
        result = self.session.run(code, echo)
        self.assertEqual(result.stderr, "")
        return result.inputs

    def error(self, code):
        result = self.session.run("try:\n  %s\nexcept ToolError as e:\n  print(e.tool, '|', e)" % code, echo)
        self.assertEqual((result.inputs, result.stderr), ([], ""))
        return result.stdout

    def test_keywords_are_the_input(self):
        self.assertEqual(
            self.inputs("await get_expenses(employee_id='E1', other=[1])"), [{"employee_id": "E1", "other": [1]}]
        )

    def test_positions_are_mapped_to_declared_parameters(self):
        self.assertEqual(self.inputs("await get_expenses('E1', 'Q3')"), [{"employee_id": "E1", "quarter": "Q3"}])
        self.assertEqual(
            self.inputs("await get_expenses('E1', quarter='Q3')"), [{"employee_id": "E1", "quarter": "Q3"}]
        )

    def test_one_dict_is_the_whole_input(self):
        self.assertEqual(
            self.inputs("await get_expenses({'employee_id': 'E1', 'x': 1})"), [{"employee_id": "E1", "x": 1}]
        )
        self.assertEqual(self.inputs("await get_expenses({})"), [{}])
        self.assertEqual(self.inputs("await ping({'a': 1})"), [{"a": 1}])

    def test_a_dict_without_declared_keys_is_the_first_parameter(self):
        self.assertEqual(self.inputs("await get_expenses({'$in': [1]})"), [{"employee_id": {"$in": [1]}}])

    def test_an_alias_calls_the_tool_by_its_own_name(self):
        result = self.session.run("await fetch_url('u')", echo)
        self.assertEqual(result.of("call")[0]["tool"], "fetch-url")

    def test_keywords_as_python_has_to_write_them(self):
        self.session.declare(
            tool("get_weather", "place", "from", "cik-A", "a-b", "a_b", "1st"),
            tool("save", "input"),
            tool("get_expenses", "employee_id", "quarter"),
            tool("fetch-url", "url", python="fetch_url"),
            tool("ping"),
        )
        for code, value in (
            ("get_weather(place='B', from_='x')", {"place": "B", "from": "x"}),
            ("get_weather(cik_A=1)", {"cik-A": 1}),
            ("get_weather(_1st=1)", {"1st": 1}),
            ("get_weather(input={'place': 'B', 'from': 'x'})", {"place": "B", "from": "x"}),
            ("get_weather(input={})", {}),
            # What could be two things, or is something else, stays as it is.
            ("get_weather(a_b_=1)", {"a_b_": 1}),
            ("get_weather(**{'from': 1, 'from_': 2})", {"from": 1, "from_": 2}),
            ("get_weather(input={'other': 1})", {"input": {"other": 1}}),
            ("get_weather(input={'place': 1}, place=2)", {"input": {"place": 1}, "place": 2}),
            ("save(input={'input': 1})", {"input": {"input": 1}}),
            ("ping(input={'a': 1})", {"input": {"a": 1}}),
        ):
            with self.subTest(code):
                self.assertEqual(self.inputs("await " + code), [value])

    def test_wrong_arity_names_tool_and_reason(self):
        self.assertEqual(
            self.error("await get_expenses(1, 2, 3)"),
            "get_expenses | Cannot call 'get_expenses': takes 2 positional arguments (employee_id, quarter), got 3\n",
        )
        self.assertIn("got two values for 'employee_id'", self.error("await get_expenses(1, employee_id=2)"))
        self.assertIn("takes no positional arguments, got 1", self.error("await ping(1)"))

    def test_input_that_json_cannot_carry_names_part_and_type(self):
        self.assertIn("the value at 'ids' has the type 'set'", self.error("await ping(ids={1})"))
        self.assertIn("the value at 'a[1].b' has the type 'object'", self.error("await ping(a=[0, {'b': object()}])"))
        self.assertIn("the float at 'x' is nan", self.error("await ping(x=float('nan'))"))
        self.assertIn("has a key of type 'tuple'", self.error("await ping(x={(1, 2): 3})"))
        self.assertIn("contains itself", self.error("a = []; a.append(a); await ping(a=a)"))
        deep = "x = []\n  for _ in range(100000): x = [x]\n  await ping(x=x)"
        self.assertIn("nested more than", self.error(deep))
        self.assertEqual(self.inputs("await ping(a=1)"), [{"a": 1}])

    def test_a_tool_is_a_coroutine_function(self):
        result = self.session.run(
            "import inspect\nprint(inspect.iscoroutinefunction(get_expenses), get_expenses.__name__, fetch_url.__qualname__)"
        )
        self.assertEqual(result.stdout, "True get_expenses fetch_url\n")


class Outcomes(unittest.TestCase):
    def setUp(self):
        self.session = Session()
        self.addCleanup(self.session.close)
        self.session.declare(tool("get", "x"))

    def test_the_value_comes_as_it_is(self):
        value = {"a": [1, 2.5, None, True, "\U0001f600 \u2028 \x00"], "": {}}
        result = self.session.run("v = await get(1)\nprint(v == %r)" % value, lambda call: value)
        self.assertEqual(result.stdout, "True\n")

    def test_the_error_of_one_of_many_calls_names_it(self):
        def fail(call):
            if call["input"]["x"] == 7:
                raise ValueError("no such thing")
            return 1

        code = "import asyncio\nawait asyncio.gather(*[get(x=i) for i in range(10)])"
        self.assertTrue(self.session.run(code, fail).stderr.endswith("no such thing\n(in the call get(x=7))\n"))
        code = """
try:
    await asyncio.gather(*[get(x=i) for i in range(10)])
except ToolError as error:
    print(str(error), error.tool, error.input, error.__notes__)
"""
        printed = "no such thing get {'x': 7} ['(in the call get(x=7))']\n"
        self.assertEqual(self.session.run(code, fail).stdout, printed)

    def test_what_an_error_shows_of_a_call_is_short(self):
        def fail(call):
            raise TimeoutError("too late")

        for code in (
            "get(x='y' * 100000)",
            "get(x=list(range(100000)))",
            "get({'x': 1, 'y y': ['z' * 50] * 50})",
            "get(**{'x%d' % i: i for i in range(1000)})",
        ):
            with self.subTest(code):
                result = self.session.run("await " + code, fail)
                self.assertLess(len(result.stderr), 700)
                self.assertIn("TimeoutError: too late\n(in the call get(", result.stderr)

    def test_a_tool_error_is_catchable_and_points_at_the_script(self):
        def fail(call):
            raise ValueError("no such employee")

        result = self.session.run("async def f():\n    return await get(1)\nawait f()", fail)
        self.assertEqual(result.return_code, 1)
        lines = [line for line in result.stderr.splitlines() if line.strip(" ^~")]
        self.assertEqual(
            lines,
            [
                "Traceback (most recent call last):",
                '  File "<cell 1>", line 3, in <module>',
                "    await f()",
                '  File "<cell 1>", line 2, in f',
                "    return await get(1)",
                "ToolError: no such employee",
                "(in the call get(x=1))",
            ],
        )
        result = self.session.run("try:\n  await get(1)\nexcept ToolError as e:\n  print(repr(e), e.tool)", fail)
        self.assertEqual(result.stdout, "ToolError('no such employee') get\n")

    def test_a_timeout_is_both_timeout_errors(self):
        def expire(call):
            raise TimeoutError("no response after 270s")

        for name in ("TimeoutError", "asyncio.TimeoutError"):
            result = self.session.run(
                "import asyncio\ntry:\n  await get(1)\nexcept %s as e:\n  print(e)" % name, expire
            )
            self.assertEqual(result.stdout, "no response after 270s\n")
        result = self.session.run("await get(1)", expire)
        self.assertIn("\nTimeoutError: no response after 270s\n", result.stderr)

    def test_a_cancelled_call_is_cancelled_once_and_its_late_answer_ignored(self):
        code = "import asyncio\ntry:\n  await asyncio.wait_for(get(1), 0.01)\nexcept asyncio.TimeoutError:\n  print('late')\nprint(await get(2))"
        self.session.start(code)
        frames = [self.session.receive() for _ in range(2)]
        self.assertLessEqual(frames[1]["wakeInMs"], 10)
        frames = [self.session.receive() for _ in range(4)]
        self.assertEqual([frame["type"] for frame in frames], ["output", "cancel", "call", "blocked"])
        self.assertEqual(frames[1]["id"], 1)
        self.session.send({"type": "result", "id": 1, "value": "late"}, {"type": "result", "id": 2, "value": "two"})
        self.assertEqual(self.session.finish().stdout, "two\n")

    def test_answers_come_in_any_order(self):
        self.session.start("import asyncio\nprint(await asyncio.gather(*[get(i) for i in range(3)]))")
        for _ in range(4):
            self.session.receive()
        for call_id in (3, 1, 2):
            self.session.send({"type": "result", "id": call_id, "value": call_id})
        self.assertEqual(self.session.finish().stdout, "[1, 2, 3]\n")

    def test_an_answer_to_an_unknown_call_ends_the_runner(self):
        self.session.start("await get(1)")
        for _ in range(2):
            self.session.receive()
        self.session.send({"type": "result", "id": 9, "value": 0})
        line = self.session.process.stderr.readline().decode()
        self.assertEqual(line, "toolscript runner: call 9 was answered, but it does not wait\n")
        self.assertEqual(self.session.close(), 70)

    def test_a_call_never_awaited_is_named(self):
        result = self.session.run("get(1)\nprint('on')")
        self.assertIn("<cell 1>:1: RuntimeWarning: coroutine 'get' was never awaited\n", result.stderr)
        self.assertEqual((result.stdout, result.return_code), ("on\n", 0))
        result = self.session.run("get(1)")
        self.assertIn("<cell 2>:1: RuntimeWarning: coroutine 'get' was never awaited\n", result.stderr)

    def test_a_call_never_awaited_in_a_failing_function_is_named(self):
        result = self.session.run("def f():\n  rows = get(1)\n  return rows['x']\nf()")
        self.assertIn("TypeError: 'coroutine' object is not subscriptable", result.stderr)
        self.assertIn("RuntimeWarning: coroutine 'get' was never awaited", result.stderr)

    def test_a_call_kept_in_a_variable_is_named_once_and_may_be_awaited_later(self):
        result = self.session.run("rows = [get(1)]")
        self.assertEqual(
            result.stderr, "RuntimeWarning: coroutine 'get' was never awaited (the variable 'rows' holds it)\n"
        )
        self.assertEqual(self.session.run("1").stderr, "")
        result = self.session.run("print(await rows[0])", echo)
        self.assertEqual((result.stdout, result.stderr), ("{'x': 1}\n", ""))


class Budgets(unittest.TestCase):
    def setUp(self):
        self.session = Session(dict(type="hello", version=1, marker="0123456789abcdef", maxFrameBytes=4096))
        self.addCleanup(self.session.close)
        self.session.declare(tool("get", "x"))

    def test_max_calls(self):
        code = "for i in range(5):\n  await get(i)"
        result = self.session.run(code, echo, maxCalls=3)
        self.assertEqual(len(result.inputs), 3)
        self.assertIn(
            "ToolError: Cannot call 'get': this cell has made 3 calls, the most that a cell may make", result.stderr
        )
        self.assertEqual(len(self.session.run("await get(1)", echo, maxCalls=1).inputs), 1)

    def test_max_calls_in_flight(self):
        code = "import asyncio\nr = await asyncio.gather(*[get(i) for i in range(5)], return_exceptions=True)\nprint(r[2:])"
        result = self.session.run(code, echo, maxCallsInFlight=2)
        self.assertEqual(len(result.inputs), 2)
        self.assertEqual(result.stdout.count("2 calls are waiting, the most that may wait at once"), 3)
        self.assertIn("asyncio.Semaphore(2)", result.stdout)

    def test_whole_numbers_that_the_host_would_round_never_leave(self):
        code = "for n in (2**53 - 1, 2**53, -(2**60), 0.12345678901234567, '9' * 20):\n  try: await get([n])\n  except ToolError as e: print(e)"
        result = self.session.run(code, echo)
        self.assertEqual([each["x"][0] for each in result.inputs], [2**53 - 1, 0.12345678901234567, "9" * 20])
        self.assertIn("the int at 'x[0]' is 9007199254740992, beyond what JSON numbers carry exactly", result.stdout)
        self.assertEqual(result.stdout.count("send it as a string"), 2)

    def test_an_input_larger_than_a_frame_never_leaves(self):
        result = self.session.run("await get('x' * 5000)", echo)
        self.assertEqual(result.inputs, [])
        self.assertRegex(
            result.stderr, r"ToolError: Cannot call 'get': its input makes a frame of 5\d+ bytes, the limit is 4096"
        )
        self.assertEqual(self.session.run("await get('x' * 3900)", echo).of("call")[0]["id"], 1)

    def test_an_incoming_line_larger_than_a_frame_ends_the_runner(self):
        self.session.send_bytes(b"x" * 5000)
        line = self.session.process.stderr.readline().decode()
        self.assertEqual(
            line, "toolscript runner: a line from the host has more than 4096 bytes, the limit of a frame\n"
        )
        self.assertEqual(self.session.close(), 70)


class Declarations(unittest.TestCase):
    def setUp(self):
        self.session = Session()
        self.addCleanup(self.session.close)

    def test_tools_replace_the_ones_before(self):
        self.session.declare(tool("one"), tool("two"))
        self.assertEqual(self.session.run("keep = one\nprint(one.__name__, two.__name__)").stdout, "one two\n")
        self.session.declare(tool("two", "x"))
        result = self.session.run("print(two.__name__)\none")
        self.assertEqual(result.stdout, "two\n")
        self.assertIn("NameError: name 'one' is not defined", result.stderr)

    def test_the_same_declaration_keeps_the_same_function(self):
        self.session.declare(tool("one"))
        self.session.run("keep = one")
        self.session.declare(tool("one"))
        self.assertEqual(self.session.run("print(keep is one)").stdout, "True\n")

    def test_a_name_that_the_script_bound_stays_the_scripts_until_it_deletes_it(self):
        self.session.declare(tool("one"))
        self.session.run("one = 1")
        self.assertEqual(self.session.run("print(one)").stdout, "1\n")
        self.session.run("del one")
        self.assertEqual(self.session.run("print(one.__name__)").stdout, "one\n")


if __name__ == "__main__":
    unittest.main()
