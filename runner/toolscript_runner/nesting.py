"""Makes `asyncio.run`, `asyncio.Runner` and the loop policy use the pumped loop, nested or not.

Guarantee: a run that ends cancels the tasks it started and no others. Everything else stays asyncio's own code.
"""

import _thread
import asyncio
from asyncio import events, runners, tasks
from contextlib import contextmanager
from contextvars import ContextVar
from weakref import WeakSet

from .loop import PumpedLoop, run_outside

# The main thread's id and its loop, once `install` has run.
_installed = {}
_current = ContextVar("toolscript_run", default=None)


class Scope:
    """What one `asyncio.run` or `asyncio.Runner` has started in a loop."""

    def __init__(self):
        self.is_nested = False
        self._before = None
        self._started = WeakSet()

    def open(self, loop):
        """Called at the beginning of each use."""
        if self._before is None:
            self._before = set(tasks.all_tasks(loop))
            self.is_nested = loop.depth > 0

    @staticmethod
    def note_task(task):
        """Called for each task that is made while a scope is open: it belongs to the scope it was made from."""
        owner = _current.get()
        if owner is not None and owner.is_nested:
            owner._started.add(task)

    def tasks(self, loop):
        """The tasks to cancel at the end. On the outermost level everything since the beginning is ours."""
        if self.is_nested:
            return {task for task in self._started if not task.done()}
        return tasks.all_tasks(loop) - self._before


@contextmanager
def _inside(scope, loop):
    token = _current.set(scope)
    loop.scopes.append(scope)
    generators = loop._asyncgens
    if scope.is_nested:
        loop._asyncgens = WeakSet()
    try:
        yield
    finally:
        if scope.is_nested:
            generators.update(loop._asyncgens)
            loop._asyncgens = generators
        loop.scopes.remove(scope)
        _current.reset(token)


def _in_scope(scope, function, *args, **options):
    """Runs a piece of asyncio's runner for `scope`. Other threads need none: each of their runs has its own loop."""
    running = events._get_running_loop()
    loop = _installed.get(_thread.get_ident())
    if loop is None:
        return _call(running, function, args, options)
    scope.open(loop)
    with _inside(scope, loop):
        return _call(running, function, args, options)


def _call(running, function, args, options):
    if running is None:
        return function(*args, **options)
    return run_outside(running, function, *args, **options)


_cancel_all = runners._cancel_all_tasks


def _cancel_scope(loop):
    """asyncio's `_cancel_all_tasks`, for the tasks of the innermost scope alone."""
    if not isinstance(loop, PumpedLoop) or not loop.scopes:
        _cancel_all(loop)
        return
    to_cancel = loop.scopes[-1].tasks(loop)
    for task in to_cancel:
        task.cancel()
    if to_cancel:
        loop.run_until_complete(tasks.gather(*to_cancel, return_exceptions=True))
    for task in to_cancel:
        if not task.cancelled() and task.exception() is not None:
            message = "unhandled exception during asyncio.run() shutdown"
            loop.call_exception_handler({"message": message, "exception": task.exception(), "task": task})


def _install_runner():
    genuine = runners.Runner

    class Runner(genuine):
        __doc__ = genuine.__doc__

        def __init__(self, *, debug=None, loop_factory=None):
            # Any other loop could not reach the tools.
            super().__init__(debug=debug)
            self._scope = Scope()

        def __enter__(self):
            return _in_scope(self._scope, super().__enter__)

        def get_loop(self):
            return _in_scope(self._scope, super().get_loop)

        def run(self, coro, *, context=None):
            return _in_scope(self._scope, super().run, coro, context=context)

        def close(self):
            return _in_scope(self._scope, super().close)

    Runner.__module__ = genuine.__module__
    Runner.__qualname__ = genuine.__qualname__
    asyncio.Runner = runners.Runner = Runner


def _install_run():
    genuine = runners.run
    has_runner = hasattr(runners, "Runner")

    def run(main, **options):
        options.pop("loop_factory", None)
        if not has_runner:
            return _in_scope(Scope(), genuine, main, **options)
        return _call(events._get_running_loop(), genuine, (main,), options)

    run.__doc__ = genuine.__doc__
    run.__module__ = genuine.__module__
    asyncio.run = runners.run = run


def _make_policy(main_loop, make_loop):
    base = getattr(events, "_BaseDefaultEventLoopPolicy", None) or events.BaseDefaultEventLoopPolicy
    main_thread = _thread.get_ident()

    class Policy(base):
        """One loop for the main thread, a new one for each run in another thread."""

        def get_event_loop(self):
            loop = getattr(self._local, "_loop", None)
            if loop is not None:
                return loop
            if _thread.get_ident() == main_thread:
                return main_loop
            return super().get_event_loop()

        def new_event_loop(self):
            return main_loop if _thread.get_ident() == main_thread else make_loop()

    return Policy()


def install(main_loop, make_loop):
    """Once for a process. `make_loop()` makes a pumped loop for another thread."""
    set_policy = getattr(events, "_set_event_loop_policy", None) or events.set_event_loop_policy
    set_policy(_make_policy(main_loop, make_loop))
    _installed[_thread.get_ident()] = main_loop
    runners._cancel_all_tasks = _cancel_scope
    if hasattr(runners, "Runner"):
        _install_runner()
    _install_run()
