"""The pumped event loop: asyncio without sockets, whose only wait is "read the next frames".

Guarantees: re-entrant (a nested run continues the same loop on top of the running one); it waits only when nothing is
ready; it can be woken from other threads. The wait itself belongs to the pump that it is given.
"""

import _thread
import asyncio
import heapq
from asyncio import events, futures, tasks
from contextvars import copy_context
from sys import get_asyncgen_hooks, set_asyncgen_hooks
from time import monotonic

# While callbacks never run out, the transport is polled this often.
POLL_SECONDS = 0.005

# More cancelled timers than this, and more than half of all, are swept out.
_MIN_CANCELLED_TIMERS = 100


class PumpedLoop(asyncio.BaseEventLoop):
    """`pump.wait(loop, timeout)` blocks until something may be ready; `pump.poll()` looks without blocking."""

    def __init__(self, pump):
        super().__init__()
        self._pump = pump
        # Locked while nobody has to wake; see `pause` and `_write_to_self`.
        self._gate = _thread.allocate_lock()
        self._gate.acquire()
        # How many runs are on top of each other.
        self.depth = 0
        self._next_poll = 0.0
        self._mains = []
        # Nested `asyncio.run`s, innermost last; see `nesting.py`.
        self.scopes = []
        # Jobs in executors: while one runs, the loop waits but the script does not.
        self.jobs = 0

    # Running

    def run_until_complete(self, future):
        """As in asyncio, but may be called while the loop is running: then it goes on on top of itself."""
        is_new = not futures.isfuture(future)
        future = tasks.ensure_future(future, loop=self)
        if is_new:
            future._log_destroy_pending = False
        self._drive(future)
        return future.result()

    def run_cell(self, coroutine):
        """Runs the code of a cell as a task and returns its result. `stop()` does not stop it."""
        task = self.create_task(coroutine)
        task._log_destroy_pending = False
        self._drive(task, True)
        return task.result()

    def run_forever(self):
        """As in asyncio: until `stop()`."""
        outside = self._enter()
        try:
            while True:
                self._run_once()
                if self._stopping:
                    break
        finally:
            self._stopping = False
            self._leave(outside)

    def run_while(self, is_wanted):
        """Runs as long as `is_wanted()`, deaf to `stop()`."""
        outside = self._enter()
        try:
            while is_wanted():
                self._run_once()
        finally:
            self._leave(outside)

    def _drive(self, future, is_deaf=False):
        entry = [future, False]
        outside = self._enter()
        self._mains.append(entry)
        # As in asyncio a run ends with its future's callbacks: what the last step has made ready still runs.
        ended = []
        future.add_done_callback(ended.append)
        try:
            while not ended:
                self._run_once()
                if self._stopping:
                    self._stopping = False
                    if not (is_deaf or future.done()):
                        raise RuntimeError("Event loop stopped before Future completed.")
        except BaseException:
            # SystemExit and KeyboardInterrupt go through the loop as well as into the task: nobody else asks for them.
            if future.done() and not future.cancelled():
                future.exception()
            raise
        finally:
            future.remove_done_callback(ended.append)
            self._mains.remove(entry)
            self._leave(outside)
        if entry[1] and future.cancelled():
            raise _to_interrupt(future)

    def _enter(self):
        if self._thread_id is not None and self._thread_id != _thread.get_ident():
            raise RuntimeError("This event loop is already running")
        running = events._get_running_loop()
        task = None
        if running is not None:
            task = tasks.current_task(running)
            if task is not None:
                tasks._leave_task(running, task)
        hooks = get_asyncgen_hooks()
        events._set_running_loop(self)
        self.depth += 1
        self._thread_id = _thread.get_ident()
        set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        return running, task, hooks

    def _leave(self, outside):
        running, task, hooks = outside
        set_asyncgen_hooks(*hooks)
        self.depth -= 1
        if self.depth == 0:
            self._thread_id = None
        events._set_running_loop(running)
        if task is not None:
            tasks._enter_task(running, task)

    def _run_once(self):
        ready = self._ready
        scheduled = self._scheduled
        if self._pump.interrupt_requested:
            self._deliver_interrupt()
        if scheduled:
            self._sweep_timers()
        if not ready:
            if scheduled:
                self._pump.wait(self, max(0.0, scheduled[0]._when - monotonic()))
            else:
                self._pump.wait(self, None)
            now = monotonic()
            self._next_poll = now + POLL_SECONDS
        else:
            now = monotonic()
            if now >= self._next_poll:
                self._pump.poll()
                self._next_poll = monotonic() + POLL_SECONDS
        if scheduled:
            end = now + self._clock_resolution
            while scheduled and scheduled[0]._when < end:
                timer = heapq.heappop(scheduled)
                timer._scheduled = False
                ready.append(timer)
        # Only what is ready now: a callback that makes another one ready must not keep timers and results waiting.
        count = len(ready)
        if count:
            self._pump.is_blocked_known = False
        for _ in range(count):
            if not ready:  # a nested run took them
                break
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _sweep_timers(self):
        scheduled = self._scheduled
        count = self._timer_cancelled_count
        if count > _MIN_CANCELLED_TIMERS and count * 2 > len(scheduled):
            for timer in scheduled:
                if timer._cancelled:
                    timer._scheduled = False
            scheduled[:] = [timer for timer in scheduled if not timer._cancelled]
            heapq.heapify(scheduled)
            self._timer_cancelled_count = 0
            return
        while scheduled and scheduled[0]._cancelled:
            self._timer_cancelled_count -= 1
            heapq.heappop(scheduled)._scheduled = False

    def forget_everything(self):
        """Drops callbacks and timers that nobody will run any more: the cell they belong to has ended."""
        self._ready.clear()
        self._scheduled.clear()
        self._timer_cancelled_count = 0
        self._stopping = False
        self.jobs = 0

    @property
    def main(self):
        """What the innermost run waits for, or None."""
        return self._mains[-1][0] if self._mains else None

    # Interrupts

    def _deliver_interrupt(self):
        """Cancels the innermost run's task, as `asyncio.run` does; the second interrupt of a run is not gentle."""
        self._pump.interrupt_requested = False
        entry = self._mains[-1] if self._mains else None
        if entry is None or entry[1] or not isinstance(entry[0], asyncio.Task):
            raise KeyboardInterrupt
        entry[1] = True
        entry[0].cancel()

    # Scheduling

    def time(self):
        return monotonic()

    def call_soon(self, callback, *args, context=None):
        if self._debug:
            return super().call_soon(callback, *args, context=context)
        handle = Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def create_task(self, coro, **options):
        if self._task_factory is None and not self._debug:
            task = tasks.Task(coro, loop=self, **options)
        else:
            task = super().create_task(coro, **options)
        if self.scopes:
            self.scopes[-1].note_task(task)
        return task

    def run_in_executor(self, executor, func, *args):
        future = super().run_in_executor(executor, func, *args)
        if not future.done():
            self.jobs += 1
            future.add_done_callback(self._end_job)
        return future

    def _end_job(self, _):
        self.jobs = max(0, self.jobs - 1)

    # Threads

    def is_running(self):
        """Whether callbacks run now. Not between two nested runs: a task that starts eagerly needs a running loop."""
        if self._thread_id is None or self._thread_id != _thread.get_ident():
            return self._thread_id is not None
        return events._get_running_loop() is self

    def is_elsewhere(self):
        """Whether this loop runs in another thread than the caller's."""
        return self._thread_id is not None and self._thread_id != _thread.get_ident()

    def pause(self, timeout):
        """Blocks until `_write_to_self` was called; for a loop in a thread that does not read the transport."""
        self._gate.acquire(True, -1 if timeout is None else timeout)

    def is_ready(self):
        """Whether a callback waits to run."""
        return bool(self._ready)

    def wake(self):
        """Ends the loop's wait; from any thread or signal handler."""
        self._write_to_self()

    def _write_to_self(self):
        try:
            self._gate.release()
        except RuntimeError:  # already open
            pass
        self._pump.wake(self)

    # The end

    def close(self):
        """Does nothing: the loop serves the session's other cells, too."""

    def is_closed(self):
        return False

    def __del__(self):
        pass

    async def shutdown_asyncgens(self):
        await super().shutdown_asyncgens()
        self._asyncgens_shutdown_called = False

    async def shutdown_default_executor(self, *args, **options):
        if self.scopes and self.scopes[-1].is_nested:
            return
        try:
            await super().shutdown_default_executor(*args, **options)
        finally:
            self._executor_shutdown_called = False
            self._default_executor = None

    def default_exception_handler(self, context):
        self._pump.clean_traceback(context.get("exception"))
        super().default_exception_handler(context)


class Handle(events.Handle):
    """As asyncio's, without the question whether the loop debugs: it does not, and the question costs two calls."""

    __slots__ = ()

    def __init__(self, callback, args, loop, context):
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None


def _to_interrupt(future):
    """`KeyboardInterrupt` that points where the cancelled task was waiting."""
    interrupt = KeyboardInterrupt()
    try:
        future.result()
    except asyncio.CancelledError as cancelled:
        where = cancelled
        # Until Python 3.11 a new exception is raised here, whose context is the one that went through the task.
        while where.__traceback__.tb_next is None and where.__context__ is not None:
            where = where.__context__
        return interrupt.with_traceback(where.__traceback__)
    return interrupt


def run_outside(loop, function, *args, **options):
    """Calls `function` as if no loop were running, though `loop` is: it may then start a run of its own."""
    task = tasks.current_task(loop)
    if task is not None:
        tasks._leave_task(loop, task)
    events._set_running_loop(None)
    try:
        return function(*args, **options)
    finally:
        events._set_running_loop(loop)
        if task is not None:
            tasks._enter_task(loop, task)
