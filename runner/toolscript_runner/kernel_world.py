"""What of a process belongs to whoever runs code in it, so that a script and the kernel around it can take turns.

Guarantee: when the script waits, `leave()` gives the kernel everything as it left it: streams, descriptors 0 to 2,
`__main__`, asyncio; `enter()` gives the script its own. A script that computes on never loses what it stands on.
Knows nothing of frames or of the runner.
"""

import _thread
import asyncio
import builtins
import fcntl
import getpass
import os
import select
import sys
import time
from _sitebuiltins import Quitter
from asyncio import events, runners

from .hopeless import is_idle
from .kernel_sys import SharedNames

# Private descriptors lie above the ones that programs and their tests expect to get.
_LOWEST_PRIVATE = 200
_READ_BYTES = 64 * 1024
# Pipes are read 20 times a second; a program that prints much ought not to wait for it.
_PIPE_BYTES = 1024 * 1024
_F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)

_SAME = object()
_ABSENT = object()


class World:
    """The script's side of the process. Made in the kernel's thread, while the kernel's side is there."""

    def __init__(self, sleep):
        self._manners = Places(_manners())
        self._ground = Places(_ground(sleep))
        # Threads that are not the script's; while a script computes on, they go on seeing the kernel's streams.
        self._kernel_threads = set(sys._current_frames())
        self._shared = SharedNames(self._kernel_threads)
        self._pipes = Pipes()
        self._has_ground = False
        self._has_pipes = False

    def enter(self):
        """The process becomes the script's."""
        self._manners.swap()
        if not self._has_ground:
            self._ground.swap()
            self._has_ground = True
        self._shared.enter()
        if not self._has_pipes:
            self._pipes.enter()
            self._has_pipes = True

    def leave(self, is_running):
        """The process becomes the kernel's again.

        When threads of the script go on meanwhile (`is_running`), they keep the ground they stand on: asyncio,
        `__main__`, and of `sys` what they set (`kernel_sys.py`). A kernel that waits for its next order needs none of it.
        """
        self._manners.swap()
        if not is_running:
            self._ground.swap()
            self._has_ground = False
        self._shared.leave(is_running)
        if not is_running or self._shared.writes_to_descriptors():
            self._pipes.leave()
            self._has_pipes = False

    def kernel_stdout(self):
        """The stream on which the kernel takes an answer, after `leave`."""
        return self._shared.kernel_stdout()

    def become_child(self):
        """In a process that the script forked there is no kernel."""
        self._shared.become_child()

    def has_threads(self, thread_id):
        """Whether the script has threads at work beside its own, `thread_id`; idle ones of a pool do not count."""
        known = self._kernel_threads
        frames = sys._current_frames().items()
        return any(ident != thread_id and ident not in known and not is_idle(frame) for ident, frame in frames)

    def drain(self):
        """What was written to descriptors 1 and 2, as (descriptor, bytes)."""
        return self._pipes.drain()


class Places:
    """Names in dicts whose values take turns: the kernel's and the script's."""

    def __init__(self, places):
        self._places = [(names, name) for names, name, _ in places]
        self._kept = [names.get(name, _ABSENT) if first is _SAME else first for names, name, first in places]

    def swap(self):
        """Puts the other side's values in place."""
        kept = self._kept
        for index, (names, name) in enumerate(self._places):
            other = kept[index]
            kept[index] = names.get(name, _ABSENT)
            if other is _ABSENT:
                names.pop(name, None)
            else:
                names[name] = other


def _manners():
    """What IPython puts in place for each execution and takes away after it: the dict, the name, the script's value."""
    names = vars(builtins)
    return [
        *((names, name, _ABSENT) for name in ("get_ipython", "display", "__IPYTHON__")),  # a script is no notebook
        *((names, name, Quitter(name, "Ctrl-D (i.e. EOF)")) for name in ("exit", "quit")),
        # IPython's would ask the person before the notebook.
        (names, "input", builtins.input if type(builtins.input) is type(print) else _read_line),
        (vars(getpass), "getpass", getattr(getpass, "unix_getpass", getpass.getpass)),
    ]


def _ground(sleep):
    """What a running script stands on: the dict, the name, what a script finds there at first."""
    system = vars(sys)
    return [
        *((system, name, _SAME) for name in ("stdin", "__stdin__", "__stdout__", "__stderr__", "__excepthook__")),
        *((vars(module), name, _SAME) for module in (asyncio, runners) for name in ("run", "Runner")),
        (vars(runners), "_cancel_all_tasks", _SAME),
        (vars(events), "_event_loop_policy", _SAME),
        (system, "argv", [""]),
        (sys.modules, "__main__", _SAME),
        (vars(time), "sleep", sleep),
    ]


def _read_line(prompt="", /):
    """The `input` of a script: standard input is empty."""
    sys.stdout.write(str(prompt))
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError("EOF when reading a line")
    return line[:-1] if line.endswith("\n") else line


_read_line.__name__ = _read_line.__qualname__ = "input"
_read_line.__module__ = "builtins"


class Pipes:
    """Descriptors 1 and 2 lead here during a turn, 0 to nothing; programs that a script started keep theirs for ever."""

    def __init__(self):
        pipes = {descriptor: _make_pipe() for descriptor in (1, 2)}
        null = os.open(os.devnull, os.O_RDONLY)
        self._ends = {0: _dup_private(null), **{descriptor: writing for descriptor, (_, writing) in pipes.items()}}
        os.close(null)
        self._readers = {reading: descriptor for descriptor, (reading, _) in pipes.items()}
        self._waiting = list(self._readers)
        self._saved = {}

    def enter(self):
        """Leads the descriptors into the pipes."""
        for descriptor, end in self._ends.items():
            try:
                self._saved[descriptor] = _dup_private(descriptor)
            except OSError:  # the kernel has closed it
                self._saved[descriptor] = None
            os.dup2(end, descriptor)

    def leave(self):
        """Leads them back."""
        for descriptor, saved in self._saved.items():
            if saved is None:
                os.close(descriptor)
            else:
                os.dup2(saved, descriptor)
                os.close(saved)
        self._saved = {}

    def drain(self):
        """What has been written, as (descriptor, bytes)."""
        return [
            (self._readers[reading], data)
            for reading in select.select(self._waiting, (), (), 0)[0]
            for data in _read_available(reading)
        ]


def _dup_private(descriptor):
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _LOWEST_PRIVATE)


def _make_pipe():
    ends = os.pipe()
    private = tuple(_dup_private(end) for end in ends)
    for end in ends:
        os.close(end)
    os.set_blocking(private[0], False)
    try:
        fcntl.fcntl(private[1], _F_SETPIPE_SZ, _PIPE_BYTES)
    except OSError:  # the system allows no more
        pass
    return private


def _read_available(descriptor):
    while True:
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            return
        yield data
        if len(data) < _READ_BYTES:
            return
