"""The pumped loop: waves, timers, nesting, threads."""

import sys
import unittest

from session import Session, tool


def echo(call):
    return call["input"]["x"]


class LoopCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.session = Session()
        cls.addClassCleanup(cls.session.close)
        cls.session.declare(tool("get", "x"))
        cls.session.run("import asyncio, time, threading, concurrent.futures")

    def run_cell(self, code, answer=echo, **limits):
        result = self.session.run(code, answer, **limits)
        self.assertEqual(result.stderr, "")
        return result


class Ends(LoopCase):
    """What the last step of a run makes ready still runs, as in asyncio."""

    def test_a_task_made_last_starts(self):
        code = """
async def f():
    print("started")
    await asyncio.sleep(1)
    print("never")
async def main():
    asyncio.create_task(f())
"""
        self.assertEqual(self.run_cell(code + "asyncio.run(main()); print('end')").stdout, "started\nend\n")
        result = self.session.run(code + "await asyncio.sleep(0)\nasyncio.create_task(f())")
        self.assertEqual(result.stdout, "started\n")
        self.assertRegex(result.stderr, r"^Task-\d+ \(f\) was not finished")

    def test_callbacks_made_last_run(self):
        code = """
loop = asyncio.new_event_loop()
async def main():
    loop.call_soon(print, "soon")
task = loop.create_task(main())
task.add_done_callback(lambda _: print("done"))
loop.run_until_complete(task)
print("end")
"""
        self.assertEqual(self.run_cell(code).stdout, "soon\ndone\nend\n")

    def test_a_call_that_is_made_last_leaves(self):
        result = self.run_cell("async def main():\n    asyncio.create_task(get(1))\nasyncio.run(main())")
        self.assertEqual([frame["type"] for frame in result.frames], ["call", "cancel", "done"])


class Waves(LoopCase):
    def test_gathered_calls_are_one_wave(self):
        self.assertEqual(self.run_cell("await asyncio.gather(*[get(i) for i in range(20)])").waves, [20])

    def test_dependent_levels_are_two_waves(self):
        code = "async def f(i):\n  return await get(await get(i))\nawait asyncio.gather(*[f(i) for i in range(3)])"
        self.assertEqual(self.run_cell(code).waves, [3, 3])

    def test_a_semaphore_of_5_over_20_calls_makes_four_waves(self):
        code = """
gate = asyncio.Semaphore(5)
async def f(i):
    async with gate:
        return await get(i)
async def main():
    await asyncio.gather(*[f(i) for i in range(20)])
"""
        self.assertEqual(self.run_cell(code + "await main()").waves, [5, 5, 5, 5])
        self.assertEqual(self.run_cell("gate = asyncio.Semaphore(5)\nasyncio.run(main())").waves, [5, 5, 5, 5])

    def test_as_completed_and_queue_workers(self):
        code = """
queue = asyncio.Queue()
done = []
async def worker():
    while True:
        done.append(await get(await queue.get()))
        queue.task_done()
workers = [asyncio.create_task(worker()) for _ in range(4)]
for i in range(8):
    queue.put_nowait(i)
await queue.join()
for w in workers:
    w.cancel()
print(sorted(done), sorted([await c for c in asyncio.as_completed([get(i) for i in range(3)])]))
"""
        result = self.run_cell(code)
        self.assertEqual(result.stdout, "[0, 1, 2, 3, 4, 5, 6, 7] [0, 1, 2]\n")
        self.assertEqual(result.waves, [4, 4, 3])

    def test_blocked_says_when_the_next_timer_is_due(self):
        result = self.run_cell("asyncio.get_running_loop().call_later(60, print)\nawait asyncio.sleep(0.02)")
        self.assertEqual(len(result.of("blocked")), 1)
        self.assertTrue(0 < result.of("blocked")[0]["wakeInMs"] <= 20)
        self.assertIsNone(self.run_cell("await get(1)").of("blocked")[0]["wakeInMs"])

    def test_a_slow_call_times_out_on_time(self):
        code = "t = time.monotonic()\ntry:\n  await asyncio.wait_for(get(1), 0.05)\nexcept asyncio.TimeoutError:\n  print(time.monotonic() - t >= 0.05)"
        self.assertEqual(self.run_cell(code, None).stdout, "True\n")

    def test_results_arrive_while_the_loop_is_busy(self):
        code = "f = asyncio.ensure_future(get(1))\nwhile not f.done():\n  await asyncio.sleep(0)\nprint(f.result())"
        self.session.start(code)
        call = self.session.receive()
        self.session.send({"type": "result", "id": call["id"], "value": 7})
        result = self.session.finish()
        self.assertEqual((result.stdout, result.of("blocked")), ("7\n", []))

    def test_many_cancelled_timers_are_swept(self):
        code = """
loop = asyncio.get_running_loop()
for i in range(1000):
    loop.call_later(3600, print).cancel()
await asyncio.sleep(0)
await asyncio.sleep(0)
print(len(loop._scheduled) < 200)
"""
        self.assertEqual(self.run_cell(code).stdout, "True\n")


class Runs(LoopCase):
    def test_every_way_to_run_a_coroutine(self):
        for code in (
            "print(asyncio.run(get(5)))",
            "print(asyncio.get_event_loop().run_until_complete(get(5)))",
            "l = asyncio.new_event_loop()\nasyncio.set_event_loop(l)\nprint(l.run_until_complete(get(5)))\nl.close()",
            "async def main():\n  print(await get(5))\nif __name__ == '__main__':\n  asyncio.run(main())",
            "l = asyncio.get_event_loop()\nt = l.create_task(get(5))\nt.add_done_callback(lambda t: l.stop())\nl.run_forever()\nprint(t.result())",
            "print(await get(5))",
        ):
            for prefix in ("", "await asyncio.sleep(0)\n"):
                with self.subTest(prefix + code):
                    self.assertEqual(self.run_cell(prefix + code).stdout, "5\n")

    @unittest.skipIf(sys.version_info < (3, 11), "asyncio.Runner came with Python 3.11")
    def test_runner(self):
        code = "with asyncio.Runner() as r:\n  print(r.run(get(1)), r.run(get(2)), r.get_loop() is asyncio.get_event_loop())"
        self.assertEqual(self.run_cell(code).stdout, "1 2 True\n")
        self.assertEqual(self.run_cell("await asyncio.sleep(0)\n" + code).stdout, "1 2 True\n")

    def test_a_nested_run_lets_the_outer_tasks_go_on(self):
        code = """
log = []
async def outer():
    log.append(await get('outer'))
    return 'kept'
task = asyncio.create_task(outer())
def sync_helper():
    return asyncio.run(get('inner'))
me = asyncio.current_task()
print(sync_helper(), asyncio.current_task() is me, await task, log)
"""
        result = self.run_cell(code)
        self.assertEqual(result.stdout, "inner True kept ['outer']\n")

    def test_a_nested_run_cancels_its_own_tasks_and_no_others(self):
        code = """
events = []
async def background(name):
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        events.append(name)
        raise
async def spawner():
    await asyncio.sleep(0)
    late.append(asyncio.create_task(background('outer child')))
late = []
outer = asyncio.create_task(background('outer'))
spawn = asyncio.create_task(spawner())
async def inner():
    asyncio.create_task(background('inner'))
    await asyncio.sleep(0.01)
asyncio.run(inner())
print(events, outer.done(), late[0].done())
outer.cancel(), late[0].cancel()
await asyncio.wait([outer, *late])
"""
        self.assertEqual(self.run_cell(code).stdout, "['inner'] False False\n")

    def test_a_nested_run_keeps_the_outer_async_generators(self):
        code = """
async def numbers():
    yield 1
    yield 2
async def inner():
    async for n in numbers():
        break
outer = numbers()
first = await outer.__anext__()
asyncio.run(inner())
print(first, await outer.__anext__())
"""
        self.assertEqual(self.run_cell(code).stdout, "1 2\n")

    def test_runs_nest_deeply(self):
        code = "def f(n):\n  async def g():\n    return await get(n) + (f(n - 1) if n else 0)\n  return asyncio.run(g())\nprint(f(10))"
        self.assertEqual(self.run_cell(code).stdout, "55\n")
        self.assertEqual(self.run_cell("await asyncio.sleep(0)\nprint(f(10))").stdout, "55\n")

    def test_locks_made_outside_a_run_work_inside(self):
        code = """
gate, event = asyncio.Semaphore(1), asyncio.Event()
async def f(i):
    async with gate:
        return await get(i)
async def main():
    return await asyncio.gather(*[f(i) for i in range(3)])
print(asyncio.run(main()), asyncio.run(main()))
"""
        self.assertEqual(self.run_cell(code).stdout, "[0, 1, 2] [0, 1, 2]\n")

    def test_stop_does_not_end_the_cell(self):
        self.assertEqual(self.run_cell("asyncio.get_running_loop().stop()\nprint(await get(1))").stdout, "1\n")

    def test_an_exception_leaves_a_nested_run(self):
        code = "await asyncio.sleep(0)\nasync def f():\n  await get(1)\n  raise KeyError('k')\ntry:\n  asyncio.run(f())\nexcept KeyError as e:\n  print(e, await get(2))"
        self.assertEqual(self.run_cell(code).stdout, "'k' 2\n")

    @unittest.skipIf(sys.version_info < (3, 12), "eager tasks came with Python 3.12")
    def test_eager_tasks(self):
        code = """
loop = asyncio.get_running_loop()
loop.set_task_factory(asyncio.eager_task_factory)
async def f(i):
    return await get(i) + asyncio.run(get(i))
try:
    print(await asyncio.gather(*[f(i) for i in range(3)]), asyncio.current_task() is not None)
finally:
    loop.set_task_factory(None)
"""
        self.assertEqual(self.run_cell(code).stdout, "[0, 2, 4] True\n")

    @unittest.skipIf(sys.version_info < (3, 11), "task groups came with Python 3.11")
    def test_task_groups_and_timeouts(self):
        code = """
async with asyncio.TaskGroup() as group:
    tasks = [group.create_task(get(i)) for i in range(3)]
print([t.result() for t in tasks])
try:
    async with asyncio.timeout(0.01):
        await asyncio.sleep(60)
except TimeoutError:
    print('timeout')
"""
        result = self.run_cell(code)
        self.assertEqual((result.stdout, result.waves), ("[0, 1, 2]\ntimeout\n", [3]))


class Threads(LoopCase):
    def test_to_thread_wakes_the_loop(self):
        code = "print(await asyncio.get_running_loop().run_in_executor(None, lambda: time.sleep(0.02) or 5))"
        result = self.run_cell(code)
        self.assertEqual((result.stdout, result.of("blocked")), ("5\n", []))

    def test_a_run_in_another_thread_reaches_the_tools(self):
        code = """
with concurrent.futures.ThreadPoolExecutor() as pool:
    print(list(pool.map(lambda i: asyncio.run(get(i)), range(4))))
"""
        self.assertEqual(self.run_cell(code).stdout, "[0, 1, 2, 3]\n")
        self.assertEqual(self.run_cell("await asyncio.sleep(0)" + code).stdout, "[0, 1, 2, 3]\n")

    def test_runs_in_threads_beside_the_main_loop(self):
        code = """
loop = asyncio.get_running_loop()
def work(i):
    return asyncio.run(get(i))
jobs = [loop.run_in_executor(None, work, i) for i in range(4)]
print(await asyncio.gather(get(9), *jobs))
"""
        for _ in range(5):
            self.assertEqual(self.run_cell(code).stdout, "[9, 0, 1, 2, 3]\n")

    def test_run_coroutine_threadsafe(self):
        code = """
loop = asyncio.get_running_loop()
print(await loop.run_in_executor(None, lambda: asyncio.run_coroutine_threadsafe(get(3), loop).result()))
"""
        self.assertEqual(self.run_cell(code).stdout, "3\n")

    def test_a_thread_that_outlives_its_cell_disturbs_nobody(self):
        code = """
def work():
    try:
        asyncio.run(get('never'))
    except BaseException as e:
        seen.append(type(e).__name__)
seen = []
thread = threading.Thread(target=work)
thread.start()
while not calls_left:
    time.sleep(0.01)
    calls_left = asyncio.get_event_loop()._pump.calls._waiting
"""
        result = self.run_cell("calls_left = {}\n" + code, None)
        self.assertEqual(len(result.of("cancel")), 1)
        self.assertEqual(self.run_cell("thread.join()\nprint(seen, await get(2))").stdout, "['CancelledError'] 2\n")

    def test_a_loop_of_the_scripts_own_making_is_refused_clearly(self):
        result = self.session.run("asyncio.SelectorEventLoop().run_until_complete(get(1))", echo)
        self.assertIn("ToolError: Cannot call 'get': it needs the event loop that asyncio hands out", result.stderr)


if __name__ == "__main__":
    unittest.main()
