"""Waits that nothing can end."""

import sys
import unittest

from session import Session, tool


def echo(call):
    return call["input"]["x"]


class HopelessCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.session = Session()
        cls.addClassCleanup(cls.session.close)
        cls.session.declare(tool("get", "x"))
        cls.session.run("import asyncio, threading, signal, concurrent.futures")

    def assert_ended(self, code, what, line=None):
        result = self.session.run(code, echo)
        self.assertEqual(result.return_code, 1, result.stderr)
        self.assertIn("RuntimeError: nothing can wake this script: it waits for %s, but" % what, result.stderr)
        if line is not None:
            self.assertIn(line, result.stderr)
        return result


class Ended(HopelessCase):
    def test_asyncio_s_own_waits(self):
        waits = {
            "asyncio.Event.wait()": "await asyncio.Event().wait()",
            "asyncio.Lock.acquire()": "lock = asyncio.Lock()\nasync with lock:\n    await lock.acquire()",
            "asyncio.Semaphore.acquire()": "await asyncio.Semaphore(0).acquire()",
            "asyncio.Queue.get()": "print(await asyncio.Queue().get())",
            "asyncio.Queue.put()": "q = asyncio.Queue(1)\nawait q.put(1)\nawait q.put(2)",
        }
        for what, code in waits.items():
            with self.subTest(what):
                self.assert_ended(code, what, "in <module>")

    def test_queue_join_and_conditions(self):
        self.assert_ended("q = asyncio.Queue()\nq.put_nowait(1)\nawait q.join()", "asyncio.Event.wait()", "await q.join()")
        self.assert_ended("c = asyncio.Condition()\nasync with c:\n    await c.wait()", "asyncio.Condition.wait()")

    def test_a_future_that_nobody_settles(self):
        code = "f = asyncio.get_running_loop().create_future()\nawait f"
        self.assert_ended(code, "what never comes", "await f")
        self.assert_ended("await asyncio.shield(asyncio.Event().wait())", "what never comes", "asyncio.shield")

    def test_in_one_of_several(self):
        stuck = "async def stuck():\n    await asyncio.Event().wait()\n"
        line = "in stuck"
        for wait in (
            "await asyncio.gather(get(1), stuck(), stuck())",
            "await asyncio.wait({asyncio.create_task(stuck())})\nraise SystemExit(0)",
            "await asyncio.create_task(stuck())",
            "await asyncio.gather(asyncio.gather(stuck()))",
            "asyncio.run(stuck())",
        ):
            with self.subTest(wait):
                result = self.session.run(stuck + wait, echo)
                if "SystemExit" in wait:
                    self.assertIn("Task exception was never retrieved", result.stderr)
                else:
                    self.assertEqual(result.return_code, 1, result.stderr)
                self.assertIn("nothing can wake this script: it waits for asyncio.Event.wait(), but", result.stderr)
                self.assertIn(line, result.stderr)

    @unittest.skipIf(sys.version_info < (3, 11), "TaskGroup is new in 3.11")
    def test_in_a_task_group(self):
        code = """
async def stuck():
    await asyncio.Event().wait()
async with asyncio.TaskGroup() as group:
    group.create_task(stuck())
"""
        result = self.session.run(code)
        self.assertIn("in stuck", result.stderr)
        self.assertIn("ExceptionGroup", result.stderr)

    def test_two_that_wait_for_each_other(self):
        code = """
a, b = asyncio.Lock(), asyncio.Lock()
async def take(first, second):
    async with first:
        await asyncio.sleep(0)
        async with second:
            pass
await asyncio.gather(take(a, b), take(b, a))
"""
        self.assert_ended(code, "asyncio.Lock.acquire()", "async with second")

    def test_run_forever(self):
        self.assert_ended("asyncio.get_event_loop().run_forever()", "what never comes", "run_forever")

    def test_what_is_caught_goes_on(self):
        code = """
try:
    await asyncio.Event().wait()
except RuntimeError as error:
    print(await get(7))
"""
        result = self.session.run(code, echo)
        self.assertEqual((result.stdout, result.stderr), ("7\n", ""))

    def test_after_a_pool_has_become_idle(self):
        self.session.run("await asyncio.to_thread(len, [])" if sys.version_info >= (3, 9) else "")
        self.assert_ended("await asyncio.Event().wait()", "asyncio.Event.wait()")


class NotEnded(HopelessCase):
    def run_cell(self, code):
        result = self.session.run(code, echo)
        self.assertEqual((result.stdout, result.stderr), ("woken\n", ""))

    def test_by_a_thread(self):
        self.run_cell("""
event, loop = asyncio.Event(), asyncio.get_running_loop()
gate = threading.Event()
def wake():
    gate.wait(5)
    loop.call_soon_threadsafe(event.set)
threading.Thread(target=wake).start()
loop.call_soon(gate.set)
await event.wait()
print("woken")
""")

    def test_by_a_job_in_a_pool(self):
        self.run_cell("import time\nawait asyncio.to_thread(time.sleep, 0.05)\nprint('woken')")

    def test_by_a_signal(self):
        self.run_cell("""
event, loop = asyncio.Event(), asyncio.get_running_loop()
old = signal.signal(signal.SIGALRM, lambda *_: loop.call_soon_threadsafe(event.set))
signal.setitimer(signal.ITIMER_REAL, 0.02)
await event.wait()
signal.signal(signal.SIGALRM, old)
print("woken")
""")

    def test_by_a_timer(self):
        self.run_cell("""
event = asyncio.Event()
asyncio.get_running_loop().call_later(0.02, event.set)
await event.wait()
print("woken")
""")

    def test_by_a_task_that_calls(self):
        self.run_cell("""
event = asyncio.Event()
async def work():
    await get(1)
    event.set()
asyncio.create_task(work())
await event.wait()
print("woken")
""")
