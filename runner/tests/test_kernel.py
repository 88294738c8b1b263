"""The driver for kernels, in an interpreter of its own whose main thread plays the kernel."""

import json
import os
import subprocess
import sys
import textwrap
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNNER_FOLDER = sys.path[0]

# What every test's program begins with: `exchange(...)` returns the answer's head and frames.
PRELUDE = '''
import asyncio, base64, io, json, os, sys, threading, time, zlib
sys.path.insert(0, %r)
from toolscript_runner import kernel
MARK = "toolscript-0123456789abcdef:"
LIMITS = {"maxOutputBytes": 1048576, "maxCalls": 1000, "maxCallsInFlight": 1000}
HELLO = {"type": "hello", "version": 1, "marker": MARK, "maxFrameBytes": 33554432}
ECHO = {"type": "tools", "tools": [{"name": "echo", "python": "echo", "parameters": ["value"]}]}
kernel_stdout = sys.stdout = io.StringIO()
report = sys.__stdout__
number, cells = 0, 0

def parse(text):
    lines = text.split("\\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(MARK + "begin "))
    head = json.loads(lines[at].split("begin ", 1)[1])
    body = "\\n".join(lines[at + 1 :])[: head["bytes"]]
    assert ("\\n".join(lines[at + 1 :]))[head["bytes"] :].startswith(MARK + "end %%d\\n" %% head["sequence"])
    if head["encoding"] == "deflate":
        body = zlib.decompress(base64.b64decode(body)).decode()
    frames = [json.loads(line[len(MARK) :]) for line in body.split("\\n") if line.startswith(MARK)]
    return head, frames

def exchange(*frames, sequence=None, seconds=10, **options):
    global number
    number = sequence or number + 1
    kernel_stdout.seek(0)
    kernel_stdout.truncate()
    kernel.exchange(number, seconds, "".join(json.dumps(frame) + "\\n" for frame in frames), **options)
    return parse(kernel_stdout.getvalue())

def run(code):
    global cells
    cells += 1
    return {"type": "run", "cell": cells, "code": code, "limits": LIMITS}

def kinds(frames):
    return [frame["type"] for frame in frames]

def text(frames, stream="stdout"):
    return "".join(f["text"] for f in frames if f["type"] == "output" and f["stream"] == stream)

def say(*values):
    report.write(json.dumps(values) + "\\n")
    report.flush()

''' % RUNNER_FOLDER

GREET = "kernel.install(MARK)\nexchange(HELLO, ECHO)\n"

# A kernel that, as IPython's, has a hook of its own while it executes, and another one between; it needs no descriptors.
IPYTHON_HOOKS = '''
sys.stderr = io.StringIO()
shown = []

def during(*error):
    shown.append(error[0].__name__)

def between(*error):
    shown.append("between " + error[0].__name__)

sys.excepthook = between
plain_exchange = exchange

def exchange(*frames, **options):
    old, sys.excepthook = sys.excepthook, during
    try:
        kernel.install(MARK)
        return plain_exchange(*frames, **options)
    finally:
        assert sys.excepthook is during
        sys.excepthook = old
'''

# A machine on which whatever is called takes long.
SLOW = '''
genuine_sleep = time.sleep

def slowly(function, seconds=0.3):
    def slow(*args):
        genuine_sleep(seconds)
        return function(*args)
    return slow
'''


class KernelTest(unittest.TestCase):
    maxDiff = None

    def told(self, program, before=GREET):
        """Runs a program after the prelude and `before`, and returns what it said."""
        done = subprocess.run(
            [sys.executable, "-I", "-c", PRELUDE + before + textwrap.dedent(program)],
            capture_output=True, text=True, timeout=60,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_a_wave_is_one_exchange(self):
        self.assertEqual(self.told('''
            code = "import asyncio\\nprint(sum(await asyncio.gather(*[echo(value=i) for i in range(20)])))"
            head, frames = exchange(run(code))
            say(head["state"], head["wakeInMs"], kinds(frames))
            results = [{"type": "result", "id": f["id"], "value": f["input"]["value"]} for f in frames[:-1]]
            head, frames = exchange(*results)
            say(head["state"], text(frames), kinds(frames))
        '''), [["waiting", None, ["call"] * 20 + ["blocked"]], ["waiting", "190\n", ["output", "done"]]])

    def test_a_repeated_exchange_runs_nothing_and_answers_alike(self):
        self.assertEqual(self.told('''
            frames = [run("import os\\nn = globals().get('n', 0) + 1\\nprint(n, await echo(value=n))")]
            first = exchange(*frames)
            say(exchange(*frames, sequence=number) == first)
            answer = {"type": "result", "id": 1, "value": 7}
            second = exchange(answer)
            say(exchange(answer, sequence=number) == second, text(second[1]))
        '''), [[True], [True, "1 7\n"]])

    def test_an_exchange_out_of_order_is_a_fault_and_runs_nothing(self):
        self.assertEqual(self.told('''
            head, frames = exchange(run("print('ran')"), sequence=9)
            say(head["state"], head["sequence"], frames)
            cells = 0
            say(text(exchange(run("print('fine')"), sequence=2)[1]))
        '''), [["fault", 1, []], ["fine\n"]])

    def test_an_exchange_that_the_kernel_interrupted_goes_on_when_it_is_repeated(self):
        self.assertEqual(self.told('''
            import signal
            code = "import time\\nend = time.monotonic() + 0.6\\nwhile time.monotonic() < end: pass\\nprint('once')"
            frame = run(code)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
            try:
                exchange(frame)
                say("not interrupted")
            except KeyboardInterrupt:
                say(sys.stdout.getvalue.__self__ is kernel_stdout)
            head, frames = exchange(frame, sequence=number)
            say(text(frames), frames[-1]["type"])
        '''), [[True], ["once\n", "done"]])

    def test_a_script_that_computes_is_left_at_the_deadline_and_loses_no_print(self):
        self.assertEqual(self.told('''
            code = """import json
            n = 0
            while not hasattr(json, "enough"):
                if n < 100_000:
                    print(n)
                    n += 1
            print("last", n)""".replace("\\n            ", "\\n")
            head, frames = exchange(run(code), seconds=0.01)
            states, rounds = [head["state"]], 0
            while frames[-1:] == [] or frames[-1]["type"] != "done":
                print("of the kernel")
                time.sleep(0.005)
                head, more = exchange(seconds=0.01)
                frames += more
                rounds += 1
                if rounds == 10:
                    json.enough = True
            lines = text(frames).split()
            say(states, rounds >= 10, lines[:-2] == [str(i) for i in range(int(lines[-1]))])
        '''), [[["running"], True, True]])

    def test_between_exchanges_everything_is_the_kernels(self):
        self.assertEqual(self.told('''
            import asyncio.runners
            def look():
                return [
                    sys.stdout is kernel_stdout, sys.modules["__main__"].__dict__ is globals(), asyncio.run.__module__,
                    type(time.sleep).__name__, type(asyncio.get_event_loop_policy()).__module__, sys.excepthook is sys.__excepthook__,
                    os.readlink("/proc/self/fd/1") if os.path.exists("/proc/self/fd/1") else "",
                ]
            async def one(): return 1
            before = look()
            exchange(run("import asyncio, sys\\nsys.argv.append('x')\\nprint(await echo(value=1))"))
            say(look() == before, before[:4], asyncio.run(one()))
            exchange({"type": "result", "id": 1, "value": 1})
            say(look() == before)
        '''), [[True, [True, True, "asyncio.runners", "builtin_function_or_method"], 1], [True]])

    def test_an_interrupt_raises_in_a_computing_and_in_a_sleeping_script(self):
        self.assertEqual(self.told('''
            for code in ("while True: pass", "import time\\ntime.sleep(600)", "await echo(value=1)"):
                exchange(run("kept = 1\\n" + code), seconds=0.1)
                head, frames = exchange(interrupted_cell=cells)
                say(head["state"], frames[-1]["returnCode"], "KeyboardInterrupt" in text(frames, "stderr"))
            say(text(exchange(run("print(kept)"))[1]))
        '''), [["waiting", 130, True]] * 3 + [["1\n"]])

    def test_an_interrupt_waits_for_its_cell_to_begin_and_spares_the_next_one(self):
        self.assertEqual(self.told('''
            from toolscript_runner import core
            core.Runner._install_tools = slowly(core.Runner._install_tools)
            head, frames = exchange(run("while True: pass"), seconds=0.01)
            say(head["state"], kinds(frames))
            head, frames = exchange(interrupted_cell=cells)
            say(head["state"], frames[-1]["returnCode"])
            head, frames = exchange(run("print('spared')"), interrupted_cell=cells - 1)
            say(text(frames), frames[-1]["returnCode"])
        ''', GREET + SLOW), [["running", []], ["waiting", 130], ["spared\n", 0]])

    def test_an_interrupt_that_comes_while_the_runners_code_runs_is_raised_when_the_scripts_does(self):
        self.assertEqual(self.told('''
            from toolscript_runner import cell
            cell.remember_source = slowly(cell.remember_source)
            head, frames = exchange(run("while True: pass"), seconds=0.01)
            say(head["state"], kinds(frames))
            head, frames = exchange(interrupted_cell=cells)
            say(head["state"], frames[-1]["returnCode"])
        ''', GREET + SLOW), [["running", []], ["waiting", 130]])

    def test_the_runner_is_made_in_the_scripts_turn_on_a_slow_machine_too(self):
        self.assertEqual(self.told('''
            from toolscript_runner import kernel_transport
            kernel_transport.Runner = slowly(kernel_transport.Runner)
            head, frames = exchange(HELLO, ECHO, run("import sys\\nname"), seconds=0)
            while kernel._session._transport._runner is None:
                genuine_sleep(0.01)
            while "done" not in kinds(frames):
                frames += exchange()[1]
            say(text(frames, "stderr").splitlines()[-1], shown, sys.excepthook is between)
        ''', IPYTHON_HOOKS + SLOW), [["NameError: name 'name' is not defined", [], True]])

    def test_what_a_cell_did_not_catch_goes_to_the_scripts_hook_however_the_turns_fall(self):
        self.assertEqual(self.told('''
            exchange(run("import time, sys\\ndef hook(kind, *_):\\n    print('mine', kind.__name__)\\n    time.sleep(1.3)\\n    sys.__excepthook__(kind, *_)"))
            exchange(run("sys.excepthook = hook"))
            frames = exchange(run("end = time.monotonic() + 0.1\\nwhile time.monotonic() < end: pass\\n1 / 0"), seconds=0)[1]
            while "done" not in kinds(frames):
                time.sleep(0.5)
                frames += exchange(seconds=0.01)[1]
            say(text(frames), text(frames, "stderr").splitlines()[1:3], shown)
        ''', IPYTHON_HOOKS + "exchange(HELLO)"), [["mine ZeroDivisionError\n", ['  File "<cell 3>", line 3, in <module>', "    1 / 0"], []]])

    def test_what_a_script_sets_in_the_kernels_turn_is_its_own_and_the_kernel_keeps_what_it_had(self):
        self.assertEqual(self.told('''
            code = """import contextlib, io, sys, types
            import json
            json.begun = True
            while not hasattr(json, "go"): pass
            def hook(kind, *_): print("mine", kind.__name__)
            sys.excepthook = hook
            sys.displayhook = lambda value: print("shown", value)
            buffer = io.StringIO()
            with contextlib.redirect_stdout(buffer):
                print("caught")
                here = sys.stdout is buffer
                json.done = True
                while not hasattr(json, "end"): pass
                print("later")
            sys.displayhook((here, sys.excepthook is hook, sys.stdout is sys.__stdout__, buffer.getvalue()))
            1 / 0""".replace("\\n            ", "\\n")
            head, frames = exchange(run(code), seconds=0)
            while not hasattr(json, "begun"):
                exchange(seconds=0.01)
            json.go = True
            while not hasattr(json, "done"):
                genuine_sleep(0.01)
            print("of the kernel")
            kernels = [kernel_stdout.getvalue().endswith("of the kernel\\n"), sys.excepthook is between]
            frames += exchange(seconds=0)[1]
            json.end = True
            while "done" not in kinds(frames):
                frames += exchange()[1]
            say(kernels, text(frames), shown, sys.stdout is kernel_stdout, type(sys) is type(json))
        ''', IPYTHON_HOOKS + SLOW + "exchange(HELLO)"), [
            [[True, True], "shown (True, True, True, 'caught\\nlater\\n')\nmine ZeroDivisionError\n", [], True, True],
        ])

    def test_a_forked_process_has_its_streams_whosever_turn_it_is(self):
        self.assertEqual(self.told('''
            code = """import json, os, sys
            json.begun = True
            while not hasattr(json, "go"): pass
            child = os.fork()
            if child == 0:
                sys.stderr = sys.stdout
                print("child", type(sys).__name__, file=sys.stderr, flush=True)
                os._exit(0)
            os.waitpid(child, 0)
            print("parent")""".replace("\\n            ", "\\n")
            head, frames = exchange(run(code), seconds=0)
            while not hasattr(json, "begun"):
                exchange(seconds=0.01)
            json.go = True
            genuine_sleep(0.3)
            while "done" not in kinds(frames):
                frames += exchange()[1]
            say(sorted(text(frames).split("\\n")), shown)
        ''', IPYTHON_HOOKS + SLOW + "exchange(HELLO)"), [[["", "child module", "parent"], []]])

    def test_a_held_delivery_goes_on_with_its_last_part(self):
        self.assertEqual(self.told('''
            exchange(run("import asyncio\\nprint(await asyncio.gather(echo(value=1), echo(value=2)))"))
            head, frames = exchange({"type": "result", "id": 1, "value": "a"}, is_held=True)
            say(head["state"], frames)
            say(text(exchange({"type": "result", "id": 2, "value": "b"})[1]))
        '''), [["held", []], ["['a', 'b']\n"]])

    def test_a_packed_delivery_and_a_large_answer_arrive_whole(self):
        self.assertEqual(self.told('''
            exchange(run("print(await echo(value='x' * 100_000))"))
            frame = json.dumps({"type": "result", "id": 1, "value": "é" * 100_000}) + "\\n"
            kernel_stdout.seek(0); kernel_stdout.truncate()
            kernel.exchange(number + 1, 10, base64.b64encode(zlib.compress(frame.encode())).decode(), True)
            head, frames = parse(kernel_stdout.getvalue())
            say(head["encoding"], len(text(frames)))
        '''), [["deflate", 100_001]])

    def test_a_large_wave_comes_in_parts_and_waits_that_nobody_saw_are_one(self):
        self.assertEqual(self.told('''
            code = """import asyncio
            texts = ["x" * 10_000 + str(n) for n in range(40)]
            print(await asyncio.gather(*[echo(value=text) for text in texts]) == texts)""".replace("\\n            ", "\\n")
            from toolscript_runner import kernel_transport
            kernel_transport.MAX_ANSWER_BYTES = most = 64 * 1024
            texts, ended, states, waits = "", False, [], 0
            frame_list = [run(code)]
            while not ended:
                kernel_stdout.seek(0)
                kernel_stdout.truncate()
                number += 1
                kernel.exchange(number, 10, "".join(json.dumps(frame) + "\\n" for frame in frame_list))
                head, data = kernel_stdout.getvalue().split("begin ", 1)[1].split("\\n", 1)
                head = json.loads(head)
                data = data[: head["bytes"]]
                if head["encoding"] == "deflate":
                    data = zlib.decompress(base64.b64decode(data)).decode()
                assert len(data) == most if head["state"] == "more" else len(data) <= most
                states.append(head["state"])
                *whole, texts = (texts + data).split("\\n")
                frame_list = []
                for frame in (json.loads(line[len(MARK) :]) for line in whole):
                    waits += frame["type"] == "blocked"
                    ended = ended or frame["type"] == "done"
                    if frame["type"] == "call":
                        frame_list.append({"type": "result", "id": frame["id"], "value": frame["input"]["value"]})
                    if frame["type"] == "output":
                        say(frame["text"])
            say(states.count("more") >= 5, waits <= 2)
        '''), [["True\n"], [True, True]])

    def test_a_timer_says_when_to_come_back(self):
        self.assertEqual(self.told('''
            head, frames = exchange(run("import asyncio\\nawait asyncio.sleep(0.3)\\nprint('late')"))
            say(head["state"], 100 < head["wakeInMs"] <= 300, kinds(frames))
            time.sleep(0.3)
            say(text(exchange()[1]))
        '''), [["waiting", True, ["blocked"]], ["late\n"]])

    def test_a_thread_that_wakes_the_loop_is_waited_for(self):
        self.assertEqual(self.told('''
            code = """import asyncio, threading, time
            loop, event = asyncio.get_running_loop(), asyncio.Event()
            def later():
                time.sleep(0.3)
                loop.call_soon_threadsafe(event.set)
            threading.Thread(target=later).start()
            await event.wait()
            print("woken")""".replace("\\n            ", "\\n")
            say(text(exchange(run(code))[1]))
        '''), [["woken\n"]])

    def test_installing_again_changes_nothing(self):
        self.assertEqual(self.told('''
            kernel.install("another-marker-0123456789")
            say(text(exchange(run("print('same')"))[1]))
        '''), [["same\n"]])

    def test_a_broken_protocol_ends_the_runner_with_a_reason(self):
        self.assertEqual(self.told('''
            head, _ = exchange({"type": "nonsense"})
            say(head["state"], "unknown type 'nonsense'" in kernel_stdout.getvalue())
        '''), [["ended", True]])


if __name__ == "__main__":
    unittest.main()
