"""The exceptions that a script may see, and the one that ends the runner.

Scripts find `ToolError` among the builtins.
"""

import asyncio
import builtins


class ToolError(Exception):
    """A tool call failed. `tool` is the tool's name."""

    tool = None


class RunnerEnded(BaseException):
    """The session is over while a script runs: unwinds it when the driver cannot end the process at once."""


if issubclass(asyncio.TimeoutError, TimeoutError):  # one class since Python 3.11
    ToolTimeout = TimeoutError
else:

    class ToolTimeout(TimeoutError, asyncio.TimeoutError):
        """Caught by `except TimeoutError` and by `except asyncio.TimeoutError` alike."""

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
