"""The exceptions that a script may see, and the one that ends the runner.

Scripts find `ToolError` among the builtins.
"""

import asyncio
import builtins


class ToolError(Exception):
    """A tool call failed. `tool` is the tool's name, `input` what the call gave it."""

    tool = None
    input = None


class RunnerEnded(BaseException):
    """The session is over while a script runs: unwinds it when the driver cannot end the process at once."""


# One class since Python 3.11.
_bases = (TimeoutError,) if issubclass(asyncio.TimeoutError, TimeoutError) else (TimeoutError, asyncio.TimeoutError)


class ToolTimeout(*_bases):
    """A tool took too long. Caught by `except TimeoutError` and by `except asyncio.TimeoutError` alike."""

    tool = None
    input = None


ToolTimeout.__name__ = ToolTimeout.__qualname__ = "TimeoutError"
ToolTimeout.__module__ = "builtins"


def install():
    """Makes `ToolError` a builtin, so that tracebacks and pickles name it without a module."""
    ToolError.__module__ = "builtins"
    builtins.ToolError = ToolError


def make_error(kind, message, tool):
    """The exception for an `error` frame."""
    error = ToolTimeout(message) if kind == "timeout" else ToolError(message)
    error.tool = tool
    return error


def near_names(name, names):
    """Those of `names` that `name` was probably meant to be, the likeliest first."""
    plain = {other: _plain(other) for other in names}
    same = [other for other in names if plain[other] == _plain(name)]
    if same:
        return same
    from difflib import get_close_matches  # slow to import, and rarely needed

    return get_close_matches(name, names, 3, 0.7)


def _plain(name):
    return "".join(filter(str.isalnum, name)).lower()
