"""Tracebacks as CPython prints them for a script: the script's own lines, none of the runner's.

Knows how a cell's code is named; nothing else of the runner.
"""

import io
import re
import sys
import traceback

_OURS = __name__.rpartition(".")[0]


def is_cell_frame(frame):
    """Whether a frame runs code of a cell."""
    return frame.f_code.co_filename.startswith("<cell ")


def is_own_frame(frame):
    """Whether a frame runs code of the runner."""
    name = frame.f_globals.get("__name__")
    return type(name) is str and name.startswith(_OURS)


def clean(error):
    """Takes the runner's frames out of the traceback of `error` and of every exception that belongs to it."""
    seen = set()
    todo = [error]
    while todo:
        error = todo.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        error.__traceback__ = _clean_chain(error.__traceback__)
        todo += (error.__cause__, error.__context__)
        members = getattr(error, "exceptions", None)
        if isinstance(members, tuple):
            todo += (member for member in members if isinstance(member, BaseException))


def _clean_chain(trace):
    links = []
    while trace is not None:
        if not is_own_frame(trace.tb_frame):
            links.append(trace)
        trace = trace.tb_next
    # What leads to the script's first line is how it was started.
    for index, link in enumerate(links):
        if is_cell_frame(link.tb_frame):
            del links[:index]
            break
    following = None
    for link in reversed(links):
        if link.tb_next is not following:
            link.tb_next = following
        following = link
    return following


def print_exception(kind, error, trace):
    """The default `sys.excepthook`."""
    traceback.print_exception(kind, error, trace, file=sys.stderr)
    if sys.version_info < (3, 11):  # which do not know of notes
        for note in getattr(error, "__notes__", ()):
            _write("%s\n" % (note,))


# Before 3.12 only the interpreter's own hook says what a misspelt name was probably meant to be.
_genuine_hook = sys.__excepthook__ if sys.version_info < (3, 12) else None
_SUGGESTION = re.compile(r"\. Did you mean: '.*'\?$")


def _suggest(error):
    """Writes the interpreter's suggestion into the error's text."""
    if _genuine_hook is None or not isinstance(error, (NameError, AttributeError)):
        return
    if len(error.args) != 1 or type(error.args[0]) is not str:
        return
    shown, printed = sys.stderr, io.StringIO()
    sys.stderr = printed
    try:
        _genuine_hook(type(error), error, error.__traceback__)
    finally:
        sys.stderr = shown
    found = _SUGGESTION.search(printed.getvalue().rstrip("\n"))
    if found is not None:
        error.args = (error.args[0] + found[0],)


def install():
    """Only `linecache` knows the source lines of cells, and before 3.13 the interpreter's own hook did not ask it."""
    sys.excepthook = sys.__excepthook__ = print_exception


def report(error):
    """Prints an exception that a cell did not catch, and that is clean, through the script's `sys.excepthook`."""
    hook = sys.excepthook
    if hook is print_exception:
        _print_surely(error)
        return
    try:
        hook(type(error), error, error.__traceback__)
    except BaseException as failure:
        clean(failure)
        _write("Error in sys.excepthook:\n")
        _print_surely(failure)
        _write("\nOriginal exception was:\n")
        _print_surely(error)


def _print_surely(error):
    try:
        _suggest(error)
        print_exception(type(error), error, error.__traceback__)
    except BaseException:  # its __str__ fails, memory is short, sys.stderr is broken
        _write("%s (its traceback could not be printed)\n" % type(error).__name__)


def _write(text):
    try:
        sys.stderr.write(text)
    except BaseException:  # the script's own stream is broken
        pass
