"""Waits that nothing can end: no call, no timer, no thread, no descriptor and no signal handler is left to wake the script.

Guarantee: such a wait ends at once, by an exception at the `await` that waits. Knows asyncio's futures and how its waiting
functions hold what they wait for; nothing of frames.
"""

import sys
from asyncio import futures, tasks

_NOTHING_LEFT = (
    "nothing can wake this script: it waits for %s, but no tool call, timer or thread is left that could end the wait"
)

# What interrupts a cell, and what lets output leave in the browser's Python: the runner's own.
_OWN_SIGNALS = ("SIGINT", "SIGURG")


def has_handlers():
    """Whether the script has set a signal handler: what that will do is not known."""
    module = sys.modules.get("signal")
    if module is None:
        return False
    own = {getattr(module, name, None) for name in _OWN_SIGNALS}
    return any(callable(module.getsignal(number)) for number in module.valid_signals() if number not in own)


def is_idle(frame):
    """Whether a thread is one of a pool in which all wait for a job: only who hands in the next one can wake the script."""
    code = frame.f_code
    if code.co_name != "_worker" or not code.co_filename.endswith("thread.py"):
        return False
    reference = frame.f_locals.get("executor_reference")
    pool = reference() if callable(reference) else None
    idle = getattr(pool, "_idle_semaphore", None)
    # Whoever hands in a job takes from the semaphore at once, however slow the thread is that gets it.
    return idle is not None and idle._value >= len(pool._threads)


def end_wait(main):
    """Raises `RuntimeError` where `main`, the future that a run waits for, really waits; itself when there is no such place."""
    future, waiting = main, None
    seen = set()
    while id(future) not in seen:
        seen.add(id(future))
        if isinstance(future, tasks.Task):
            waiting = future
        following = _next(future)
        if following is None:
            break
        future = following
    error = RuntimeError(_NOTHING_LEFT % _describe(waiting))
    if not futures.isfuture(future) or isinstance(future, tasks.Task) or future.done():
        raise error
    future.set_exception(error)


def _next(future):
    """What has to be done before `future` is."""
    if isinstance(future, tasks.Task):
        return _first_pending(_held_by(future)) or future._fut_waiter
    return _first_pending(getattr(future, "_children", ()))


def _first_pending(waited_for):
    pending = [future for future in waited_for if futures.isfuture(future) and not future.done()]
    return min(pending, key=task_number, default=None)


def task_number(future):
    """Tasks are numbered in the order of their creation, sets of them have none; 0 for what the script has named."""
    name = future.get_name() if isinstance(future, tasks.Task) else ""
    number = name.rpartition("-")[2]
    return int(number) if number.isdigit() else 0


def _held_by(task):
    """The futures that a task waits for through one of asyncio's functions, which wait for a future of their own."""
    coroutine = _asyncio_coroutine(task)
    if coroutine is None:
        return ()
    frame = coroutine.cr_frame
    if frame.f_code.co_name == "_wait":  # asyncio.wait, and wait_for of old
        return frame.f_locals.get("fs") or ()
    if frame.f_code.co_name == "__aexit__":  # TaskGroup
        return getattr(frame.f_locals.get("self"), "_tasks", None) or ()
    return ()


def _asyncio_coroutine(task):
    """The function of asyncio in which a task waits, or None."""
    coroutine = _innermost(task.get_coro())
    frame = getattr(coroutine, "cr_frame", None)
    if frame is None or not str(frame.f_globals.get("__name__")).startswith("asyncio."):
        return None
    return coroutine


def _innermost(coroutine):
    """The last coroutine in a chain of awaits."""
    while True:
        following = getattr(coroutine, "cr_await", None)
        if not hasattr(following, "cr_frame"):
            return coroutine
        coroutine = following


def _describe(task):
    coroutine = None if task is None else _asyncio_coroutine(task)
    return "what never comes" if coroutine is None else "asyncio.%s()" % coroutine.__qualname__
