"""Runs one cell: compiles it, executes it with or without the loop, reports what it did not catch.

Guarantees: the namespace survives whatever the cell does; nothing of a cell runs after it has ended. Tasks that are
still pending then are cancelled, and named on stderr when the cell itself succeeded.
"""

import asyncio
import gc
import sys
import types
from time import monotonic

from .errors import RunnerEnded
from .habits import Names
from .hopeless import task_number
from .source import cell_file, compile_cell, remember_source, without_mark
from .trace import clean, report

# `inspect.CO_COROUTINE`; its module is slow to import.
_CO_COROUTINE = 0x80

# How long tasks that the cell left behind may take to clean up.
CLEANUP_SECONDS = 1.0

# Lines about what a cell left behind; a model needs no more to see what is wrong.
MAX_NOTES = 3

_INTERRUPTED = 130


class Cells:
    """The namespace of a session and what it takes to run a cell in it."""

    def __init__(self, loop, calls):
        self._loop = loop
        self._calls = calls
        self._module = types.ModuleType("__main__")
        self.namespace = self._module.__dict__
        self.namespace["__builtins__"] = __builtins__
        self.names = Names(self.namespace)
        self._old_main = sys.modules.get("__main__")
        self._noted = []

    def run(self, cell, source):
        """Runs a cell and returns its return code. Raises `RunnerEnded` alone."""
        sys.modules["__main__"] = self._module
        # A warning is shown once for each line; line 3 of this cell is not line 3 of the last.
        self.namespace.pop("__warningregistry__", None)
        asyncio.set_event_loop(self._loop)
        error = self._execute(cell_file(cell), source)
        return_code = 0 if error is None else _to_return_code(error)
        self._cancel_leftovers(is_noted=error is None)
        if error is not None:
            self._print_end(error)
            del error
            # Calls that were never awaited may be held by the frames of the traceback.
            gc.collect(1)
        self._note_unawaited()
        return return_code

    def _execute(self, file, source):
        """Returns the exception that ended the code, or None."""
        try:
            source = without_mark(source)
            remember_source(file, source)
            code = compile_cell(file, source)
            self.names.provide(code)
            if code.co_flags & _CO_COROUTINE:
                self._loop.run_cell(eval(code, self.namespace))
            else:
                exec(code, self.namespace)
        except RunnerEnded:
            raise
        except BaseException as error:
            return error
        return None

    def _print_end(self, error):
        if not isinstance(error, SystemExit):
            clean(error)
            self._print_hint(error)
            report(error)
        elif error.code is not None and not isinstance(error.code, int):
            try:
                _write_note("%s\n" % (error.code,))
            except Exception:  # its __str__ fails
                pass

    def _print_hint(self, error):
        """Where there are no tools, a cell is Python and nothing else."""
        if isinstance(error, Exception) and self.names.functions():
            try:
                from .hints import find_hint  # most cells do not fail

                hint = find_hint(error, self.names, self._calls)
            except Exception:  # a hint is worth less than the error; values of the script may be odd in many ways
                hint = None
            if hint is not None:
                _write_note("Hint: %s\n" % hint)

    def _cancel_leftovers(self, is_noted):
        loop = self._loop
        leftovers = asyncio.all_tasks(loop)
        if is_noted and leftovers:
            _note_leftovers(leftovers)
        for task in leftovers:
            task._log_destroy_pending = False
            task.cancel()
        if leftovers:
            self._wait_for(leftovers)
        loop.forget_everything()

    def _wait_for(self, tasks):
        loop = self._loop
        deadline = monotonic() + CLEANUP_SECONDS
        timer = loop.call_later(CLEANUP_SECONDS, _nothing)
        while monotonic() < deadline and not all(task.done() for task in tasks):
            try:
                loop.run_while(lambda: monotonic() < deadline and not all(task.done() for task in tasks))
            except RunnerEnded:
                raise
            except KeyboardInterrupt:
                break
            except BaseException:  # sys.exit in a task's cleanup: it is over anyway
                continue
        timer.cancel()
        for task in tasks:
            error = task.exception() if task.done() and not task.cancelled() else None
            if isinstance(error, Exception):
                message = "unhandled exception in a task that was cancelled at the end of the cell"
                loop.call_exception_handler({"message": message, "exception": error, "task": task})

    def _note_unawaited(self):
        """A call kept in a variable gives no warning of its own: the next cell may still await it."""
        self._noted = [noted for noted in self._noted if _is_unstarted(noted)]
        unawaited = []
        for name, value in list(self.namespace.items()):
            if type(value) in _CONTAINERS and value:
                value = next(iter(value.values() if type(value) is dict else value))
            is_known = any(noted is value for noted in self._noted)
            if type(value) is types.CoroutineType and _is_unstarted(value) and not is_known:
                unawaited.append((name, value))
        self._noted += (value for _, value in unawaited)
        for name, value in unawaited[:MAX_NOTES]:
            message = "RuntimeWarning: coroutine '%s' was never awaited (the variable '%s' holds it)\n"
            _write_note(message % (value.__qualname__, name))
        if len(unawaited) > MAX_NOTES:
            _write_note("... and %d more variables hold coroutines\n" % (len(unawaited) - MAX_NOTES))


_CONTAINERS = (list, tuple, dict, set)


def _is_unstarted(coroutine):
    frame = coroutine.cr_frame
    if frame is None or coroutine.cr_running:
        return False
    if hasattr(coroutine, "cr_suspended"):  # since Python 3.11
        return not coroutine.cr_suspended
    return frame.f_lasti < 0


def _note_leftovers(tasks):
    """A line for each function whose tasks were left behind, in the order of the tasks; not for all of many functions."""
    groups = {}
    for task in sorted(tasks, key=task_number):
        coroutine = task.get_coro()
        name = getattr(coroutine, "__qualname__", None) or type(coroutine).__name__
        groups.setdefault(name, []).append(task)
    for name, group in list(groups.items())[:MAX_NOTES]:
        if len(group) == 1:
            note = "%s (%s) was not finished when the cell ended and was cancelled; await it in the cell\n"
            _write_note(note % (group[0].get_name(), name))
        else:
            note = "%d tasks (%s) were not finished when the cell ended and were cancelled; await them in the cell\n"
            _write_note(note % (len(group), name))
    if len(groups) > MAX_NOTES:
        _write_note("... and tasks of %d more functions\n" % (len(groups) - MAX_NOTES))


def _to_return_code(error):
    if isinstance(error, SystemExit):
        code = error.code
        if code is None:
            return 0
        # As the operating system cuts an exit status.
        return code & 0xFF if isinstance(code, int) else 1
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _write_note(text):
    try:
        sys.stderr.write(text)
    except Exception:  # the script's own stream is broken
        pass


def _nothing():
    """Wakes the loop at the deadline."""
