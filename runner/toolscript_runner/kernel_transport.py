"""Frames between two threads of one process: the kernel's, which comes and goes, and the one that runs the scripts.

Guarantee: what the script's thread does is part of a turn; while it waits for the host, it waits for a turn, too. A turn
ends when the script waits, has ended, or computes for too long. `kernel.py` numbers the turns and prints what was written.
"""

import _thread
import os
import sys
import threading
import time
from collections import deque
from functools import partial
from time import monotonic

from .core import Runner
from .kernel_world import World
from .output import FLUSH_SECONDS, RAW_STDERR, RAW_STDOUT

# A timer that is due within this many seconds is waited for, when the host could do nothing meanwhile.
LINGER_SECONDS = 0.1

# A script that computes on, or never lets its loop rest, has its calls carried to the host after this time.
CALL_SECONDS = 0.02

# Bytes of one answer; the rest, which may begin in the middle of a frame, is asked for. The host takes no more.
MAX_ANSWER_BYTES = 4 * 1024 * 1024

# A sleep of this many seconds or more lets output leave first. Longer ones than the second are Python's to refuse.
LONG_SLEEP_SECONDS = 0.01
MAX_SLEEP_SECONDS = 1e9

# While threads of the script are at work beside a wave, the host asks after these times, the first one doubled each time.
FIRST_VISIT_SECONDS = 0.05
LONGEST_VISIT_SECONDS = 2.0

_CALL = b'"type":"call"'

# A `blocked` and nothing else is written in fewer bytes.
_BLOCKED = b'"type":"blocked"'
_MAX_BLOCKED_BYTES = 200


class KernelTransport:
    """Frames between two threads of a process. See `core.py` for what the runner asks of it."""

    def __init__(self):
        self._condition = threading.Condition(threading.Lock())
        self._is_open = False
        self._inbox = []
        self._held = []
        self._written = deque()
        self._written_lock = _thread.allocate_lock()
        self._is_reading = False
        self._is_woken = False
        self._reads_until = None
        self._calls_due = None
        self._has_ended = False
        self._runner = None
        self._thread_id = None
        self._is_child = False
        self._visits = 0
        # Locked, but for an instant when a sleep is to end.
        self._sleep_gate = _thread.allocate_lock()
        self._sleep_gate.acquire()
        self._genuine_sleep = time.sleep
        self._world = World(self._make_sleep())

    # The kernel's side

    def hold(self, frames):
        """Keeps frames until the next `open`."""
        self._held.append(frames)

    def open(self, frames):
        """The script's turn begins."""
        self._world.enter()
        with self._condition:
            self._inbox += [part for part in (*self._held, frames) if part]
            self._held = []
            if self._inbox:
                self._visits = 0
            self._is_open = True
            self._calls_due = None
            self._condition.notify_all()

    def close(self):
        """The kernel's turn begins."""
        with self._condition:
            self._is_open = False
            is_running = not (self._is_reading or self._has_ended)
        self._world.leave(is_running or self.has_threads())

    def set_up(self):
        """Waits for the runner to be made, however slow the machine: what that changes in the process is the script's."""
        with self._condition:
            while self._runner is None and not self._has_ended:
                self._condition.wait()

    def wait(self, deadline):
        """Waits until the script waits, has ended or computes for too long, and says which; its turn is over then.

        With the same hold of the lock: what the script's thread does after that, it does in the kernel's turn.
        """
        while True:
            with self._condition:
                now = monotonic()
                limit = deadline if self._calls_due is None else min(deadline, self._calls_due)
                state = self._state(now >= limit)
                if state is not None:
                    self._is_open = False
                    return state
                self._condition.wait(min(limit - now, FLUSH_SECONDS))
                is_due = monotonic() - now >= FLUSH_SECONDS
            if is_due:
                self._runner.pump.collect_output()
                self._runner.pump.flush_output()
            if self._runner.pump.interrupt_requested:
                self._raise_interrupt()

    def _state(self, is_late):
        if self._has_ended:
            return "ended"
        if self._is_settled():
            return "waiting"
        return "running" if is_late else None

    def answers(self):
        """The stream on which the kernel takes answers."""
        return self._world.kernel_stdout()

    def wake_in_ms(self):
        """How long the script will wait at most, in milliseconds; None without end.

        A thread of the script may wake it, of which the host would not hear: then the host asks now and then.
        """
        if self._is_woken:  # since its turn ended
            return 0
        until = self._reads_until
        seconds = None if until is None else max(0.0, until - monotonic())
        if self._runner.pump._blocked_head is not None and self.has_threads():
            self._visits += 1
            visit = min(LONGEST_VISIT_SECONDS, FIRST_VISIT_SECONDS * 2**self._visits)
            seconds = visit if seconds is None else min(seconds, visit)
        return None if seconds is None else seconds * 1000

    def take(self):
        """What the runner wrote, and whether that is all of it."""
        parts, size = [], 0
        with self._written_lock:
            while self._written and size < MAX_ANSWER_BYTES:
                part = memoryview(self._written.popleft())
                room = MAX_ANSWER_BYTES - size
                if len(part) > room:
                    self._written.appendleft(part[room:])
                parts.append(part[:room])
                size += len(parts[-1])
            return b"".join(parts), not self._written

    def interrupt(self, cell):
        """Raises `KeyboardInterrupt` in the code of that cell, as soon as it runs; one that has ended is left alone."""
        if self._runner is None:  # it has ended before it began
            return
        self._runner.request_interrupt(cell)
        self._raise_interrupt()
        try:
            self._sleep_gate.release()
        except RuntimeError:  # nobody sleeps, and an earlier release has not been taken
            pass

    def _raise_interrupt(self):
        """Raises what was requested if the script's own code runs. The runner's code asks for it itself."""
        raise_in_thread = _make_interrupt(self._thread_id)
        self._genuine_sleep(0)  # a fresh turn of the interpreter: the other thread stands still for the next lines
        if self._runner.takes_interrupt(sys._current_frames().get(self._thread_id)):
            raise_in_thread()

    def _is_settled(self):
        if not self._is_reading or self._inbox or self._is_woken:
            return False
        pump = self._runner.pump
        if pump._blocked_head is not None and not pump.is_blocked_known:
            return False
        if pump._blocked_head is not None and not pump.calls._waiting and self.has_threads():
            return False  # the host could do nothing but wait with us
        if self._reads_until is None:
            return True
        seconds = self._reads_until - monotonic()
        return seconds > LINGER_SECONDS or (seconds > 0 and bool(pump.calls._waiting))

    def has_threads(self):
        """Whether threads of the script are alive."""
        return self._world.has_threads(self._thread_id)

    # The script's side

    def serve(self):
        """The script's thread."""
        self._thread_id = _thread.get_ident()
        try:
            runner = Runner(self)
            os.register_at_fork(after_in_child=self._become_child)
            if "" not in sys.path:
                sys.path.insert(0, "")
            with self._condition:
                self._runner = runner
                self._condition.notify_all()
            runner.serve()
        except BaseException:  # a fault of the runner itself
            import traceback

            self.write(traceback.format_exc().encode("ascii", "backslashreplace"))
        finally:
            with self._condition:
                self._has_ended = True
                self._condition.notify_all()

    def read(self, timeout):
        """Bytes; b"" when `timeout` seconds passed or `wake` was called. Returns during an exchange only."""
        if self._is_child:
            return self._sleep_in_child(timeout)
        condition = self._condition
        with condition:
            if timeout == 0:
                return self._take_inbox()
            until = None if timeout is None else monotonic() + timeout
            self._is_reading, self._reads_until = True, until
            condition.notify_all()
            while not (self._is_open and self._is_due(until)):
                condition.wait(until - monotonic() if until is not None and self._is_open else None)
            self._is_reading = self._is_woken = False
            return self._take_inbox()

    def _is_due(self, until):
        return self._inbox or self._is_woken or (until is not None and monotonic() >= until)

    def _take_inbox(self):
        data = b"".join(self._inbox)
        self._inbox.clear()
        return data

    def write(self, data):
        """Keeps `data` for the answer."""
        if self._is_child:
            return
        if self._calls_due is None and _CALL in data:
            self._calls_due = monotonic() + CALL_SECONDS
        with self._written_lock:
            # While the host fetches a large wave, the script may wait, be answered and wait again: the last wait is true.
            if _is_blocked(data) and self._written and _is_blocked(self._written[-1]):
                self._written.pop()
            self._written.append(data)

    def drain(self):
        """What was written to descriptors 1 and 2, as (source, bytes)."""
        if self._is_child:
            return ()
        return [(RAW_STDOUT if descriptor == 1 else RAW_STDERR, data) for descriptor, data in self._world.drain()]

    def wake(self):
        """Ends a `read`; from any thread."""
        with self._condition:
            self._is_woken = True
            self._condition.notify_all()

    def after_cell(self, return_code):
        """A forked process that returned from the script's code ends here."""
        if self._is_child:
            self._runner.pump.output.sync_streams()
            os._exit(return_code)

    def _make_sleep(self):
        """A `time.sleep` that an interrupt can end: signals reach the kernel's thread only."""
        genuine, gate = self._genuine_sleep, self._sleep_gate

        def sleep(seconds, /):
            is_odd = not isinstance(seconds, (int, float)) or not 0 <= seconds < MAX_SLEEP_SECONDS
            if is_odd or self._is_child or _thread.get_ident() != self._thread_id:
                genuine(seconds)
                return
            deadline = monotonic() + seconds
            pump = self._runner.pump
            if seconds >= LONG_SLEEP_SECONDS:
                pump.flush_output()
            while (rest := deadline - monotonic()) > 0:
                gate.acquire(True, rest)
                if pump.interrupt_requested:
                    pump.raise_interrupt()

        sleep.__module__, sleep.__doc__ = "time", genuine.__doc__
        sleep.__qualname__ = "sleep"
        return sleep

    # Forked processes

    def _become_child(self):
        """What a forked process prints reaches the parent through the pipes; nothing else of the session is its own."""
        if _thread.get_ident() != self._thread_id:
            return
        self._is_child = True
        self._condition = threading.Condition(threading.Lock())
        self._world.become_child()
        self._runner.pump.become_child(_write_directly)

    def _sleep_in_child(self, timeout):
        if timeout is None:  # it waits for what can never come
            os._exit(1)
        self._genuine_sleep(timeout)
        return b""


def _is_blocked(data):
    return len(data) < _MAX_BLOCKED_BYTES and type(data) is bytes and _BLOCKED in data and data.count(b"\n") == 1


def _make_interrupt(thread_id):
    """A function that raises `KeyboardInterrupt` in a thread; all that takes time is done before."""
    import ctypes

    exception = ctypes.py_object(KeyboardInterrupt)
    return partial(ctypes.pythonapi.PyThreadState_SetAsyncExc, ctypes.c_ulong(thread_id), exception)


def _write_directly(source, data):
    view = memoryview(data)
    while view:
        view = view[os.write(source + 1, view) :]
