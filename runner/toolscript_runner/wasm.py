"""The driver for Pyodide: bytes in and out through devices, and what a Python that lives on from a snapshot needs.

`prepare()` runs once, before the snapshot is taken: it imports what most scripts use. `serve()` runs in every session.
The driver touches no JavaScript object; the devices are made by the guest program (`src/sandbox/wasm/guest/devices.ts`).
"""

import os
import struct
import sys

from .core import Runner, reseed
from .frames import EARLY_CHARACTERS
from .output import RAW_STDERR, RAW_STDOUT
from .trace import is_cell_frame, is_own_frame

FRAMES = "/dev/toolscript"
STRAY_OUTPUT = "/dev/toolscript-output"
PROCESS = "/dev/toolscript-process"

# Devices that wait take their patience, in microseconds, where other files take a position. This much means: for ever.
FOREVER = 2**52
MAX_PATIENCE = 2**51

READ_BYTES = 64 * 1024

# A sleep of this many seconds or more lets output leave first.
LONG_SLEEP_SECONDS = 0.01
# Longer ones are CPython's to refuse.
MAX_SLEEP_SECONDS = 1e9

# SIGURG: nobody else sends it here, and it is ignored where no handler is set.
TICK_SIGNAL = 23

# Imported before the snapshot is taken, so that no script waits for them. Everything else is imported when asked for.
COMMON_MODULES = (
    "abc argparse ast asyncio base64 bisect calendar codecs collections.abc concurrent.futures contextlib contextvars copy "
    "csv dataclasses datetime decimal difflib enum fractions functools glob hashlib heapq html inspect io itertools json "
    "linecache logging math numbers operator os.path pathlib pickle pprint queue random re secrets shutil signal "
    "statistics string struct tempfile textwrap threading time timeit tokenize traceback types typing unicodedata "
    "unittest.mock urllib.parse uuid warnings weakref zoneinfo"
).split()

# What the runner itself imports when it is needed; its folder is gone then.
LATE_MODULES = tuple("%s.%s" % (__package__, name) for name in ("hints", "hopeless", "looking"))

# How a script would reach JavaScript. Deno's permissions are the boundary; this only keeps honest scripts away from it.
JAVASCRIPT_MODULES = ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core")


class Transport:
    """Frames through the device. Blocking; an interrupt ends a wait as it ends any blocking call of CPython."""

    early_characters = EARLY_CHARACTERS

    def __init__(self):
        self._frames = os.open(FRAMES, os.O_RDWR)
        self._stray = os.open(STRAY_OUTPUT, os.O_RDONLY)
        self._process = os.open(PROCESS, os.O_RDWR)

    def read(self, timeout):
        """Bytes; b"" when `timeout` seconds passed (None: never) or `wake` was called; None at end of file."""
        patience = FOREVER if timeout is None else min(int(timeout * 1_000_000 + 0.999), MAX_PATIENCE)
        try:
            return os.pread(self._frames, READ_BYTES, max(patience, 0))
        except BrokenPipeError:
            return None

    def write(self, data):
        """Writes all of `data`."""
        done = os.write(self._frames, data)
        if done < len(data):
            rest = memoryview(data)[done:]
            while rest:
                rest = rest[os.write(self._frames, rest) :]

    def drain(self):
        """What was written to descriptors 1 and 2 past Python's own streams, as (source, bytes), oldest first."""
        data = os.read(self._stray, READ_BYTES)
        return list(_records(data + self._rest_of_stray())) if data else ()

    def _rest_of_stray(self):
        parts = []
        while data := os.read(self._stray, READ_BYTES):
            parts.append(data)
        return b"".join(parts)

    def wake(self):
        """Ends the `read` that runs or comes next; from a signal handler."""
        os.write(self._process, b"w")

    def end(self, exit_code):
        """Ends the process."""
        os.write(self._process, b"e" + bytes([exit_code]))

    def sleep(self, microseconds):
        """Waits without spinning; an interrupt ends it early."""
        os.pread(self._process, 1, min(microseconds, MAX_PATIENCE))


def _records(data):
    position = 0
    while position < len(data):
        descriptor, length = struct.unpack_from("<BI", data, position)
        position += 5
        yield RAW_STDOUT if descriptor == 1 else RAW_STDERR, data[position : position + length]
        position += length


def prepare():
    """Makes this interpreter one from which a snapshot can be taken."""
    import importlib

    for name in (*COMMON_MODULES, *LATE_MODULES):
        importlib.import_module(name)
    _undo_pyodide_patches()
    importlib.import_module(".wasm_zones", __package__).install()
    for name in ("js", "pyodide_js"):
        sys.modules.pop(name, None)


def serve():
    """Runs a session until the host goes, and ends the process."""
    import signal

    _hide_javascript()
    reseed()
    sys.argv = [""]
    # As with `python script.py`. The runner is imported in full; its folder need not be there any more.
    runner_folder = os.path.dirname(os.path.dirname(__file__))
    sys.path[:] = ["", *(path for path in sys.path if path not in ("", runner_folder))]
    transport = Transport()
    runner = Runner(transport)
    signal.signal(signal.SIGINT, runner.on_interrupt)
    signal.signal(TICK_SIGNAL, _make_tick_handler(runner.pump))
    _install_sleep(transport, runner.pump)
    transport.end(runner.serve())


def _make_tick_handler(pump):
    """The guest program sends ticks while Python computes: no other thread could let output leave meanwhile."""

    def on_tick(signum, frame):
        while frame is not None and not is_cell_frame(frame):
            if is_own_frame(frame):
                return
            frame = frame.f_back
        if frame is not None:
            pump.flush_output()
            if pump.interrupt_requested:  # it came while the line above ran
                pump.raise_interrupt()

    return on_tick


def _install_sleep(transport, pump):
    """Without threads, Emscripten sleeps by looking at the clock again and again."""
    import time

    genuine, monotonic = time.sleep, time.monotonic

    def sleep(seconds, /):
        if not isinstance(seconds, (int, float)) or not 0 <= seconds < MAX_SLEEP_SECONDS:
            genuine(seconds)
            return
        deadline = monotonic() + seconds
        if seconds >= LONG_SLEEP_SECONDS:
            pump.flush_output()
        while (rest := deadline - monotonic()) > 0:
            transport.sleep(int(rest * 1_000_000) + 1)
            if pump.interrupt_requested:
                pump.raise_interrupt()

    sleep.__module__, sleep.__doc__ = "time", genuine.__doc__
    sleep.__qualname__ = "sleep"
    time.sleep = sleep


def _undo_pyodide_patches():
    """Pyodide replaces `asyncio.run` and `time.sleep` by functions that want its own loop, which always runs."""
    import asyncio
    import time

    asyncio._set_running_loop(None)
    asyncio.run = asyncio.runners.run
    webloop = sys.modules.get("pyodide.webloop")
    if webloop is not None:
        time.sleep = webloop._orig_sleep
    sys.excepthook = sys.__excepthook__


class _NoJavaScript:
    """Finder that answers for the modules that lead to JavaScript: they do not exist here."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in JAVASCRIPT_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def _hide_javascript():
    hook = sys.modules["_pyodide._importhook"]
    hook.jsfinder.jsproxies.clear()
    sys.meta_path[:] = [
        _NoJavaScript,
        *(finder for finder in sys.meta_path if not type(finder).__module__.startswith("_pyodide")),
    ]
    for name in list(sys.modules):
        if name.partition(".")[0] in JAVASCRIPT_MODULES:
            del sys.modules[name]
