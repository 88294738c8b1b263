"""The driver for a process of its own: frames on its standard streams (Docker, plain subprocesses).

Guarantees: before any script runs, the real stdin and stderr have moved to private descriptors, and descriptors 1 and 2
(subprocesses, C code) lead to pipes that are read as output. The process that was started stays outside of the script's
reach and ends it with its host (`process_one.py`). Where the kernel can, system calls are filtered once more.
"""

import fcntl
import gc
import mmap
import os
import select
import signal
import sys
import threading
import warnings
from math import ceil
from time import monotonic, sleep

from .frames import EARLY_CHARACTERS
from .output import FLUSH_SECONDS, RAW_STDERR, RAW_STDOUT
from .process_one import PAGE_BYTES, READING, TAKEN_OVER, end_with, split
from .seccomp import tighten

# Exit code after a fault of the runner itself, `EX_SOFTWARE`.
EXIT_FAULT = 70

# A pipe holds as much. A larger buffer would cost a system call of its own, to get the memory.
_READ_BYTES = 64 * 1024
# The watcher thread sleeps without waking when no cell has run for so long.
_REST_AFTER_SECONDS = 1.0
# Objects made before the youngest are looked through; CPython's own figure is 700 to 2,000.
_GC_THRESHOLD = 10_000
# Private descriptors lie above the ones that programs and their tests expect to get.
_LOWEST_PRIVATE = 200


def main(lifeline=None):
    """Runs the process's session and ends the process, which has been split off from process 1, or is now."""
    lifeline = lifeline or split()
    end_with(lifeline.process_one)
    tighten(lifeline.process_one)
    transport = StdioTransport(lifeline)
    try:
        _import_asyncio()
        from .core import Runner

        runner = Runner(transport)
        transport.attach(runner)
        # What the runner consists of need not be looked through again and again, and a gather of thousands makes no
        # garbage.
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)
        gc.enable()
        exit_code = runner.serve()
    except BaseException:  # a fault of the runner itself; descriptor 2 leads nowhere any more
        import traceback

        transport.write(traceback.format_exc().encode("utf-8", "backslashreplace"))
        exit_code = EXIT_FAULT
    transport.end(exit_code)


def _import_asyncio():
    """asyncio without ssl, which alone takes as long as all the rest: the loop has no sockets."""
    had_ssl = "ssl" in sys.modules
    if not had_ssl:
        sys.modules["ssl"] = None
    try:
        import asyncio  # noqa: F401
    finally:
        if not had_ssl:
            del sys.modules["ssl"]


class StdioTransport:
    """Takes over the process's standard streams when it is made."""

    early_characters = EARLY_CHARACTERS

    def __init__(self, lifeline):
        self._stdin = _take(0)
        self._stderr = _take(2)
        self._relay = _move_up(lifeline.relay)
        self._page = _map_page(lifeline.page)
        self._wake_read, self._wake_write = _make_pipe()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        if null > 2:
            os.close(null)
        self._sources = {_redirect(1): RAW_STDOUT, _redirect(2): RAW_STDERR}
        self._outputs = _make_poll(self._sources)
        self._inputs = _make_poll((self._stdin, self._relay, self._wake_read))
        self._drain_lock = threading.Lock()
        self._runner = None
        self._watcher = None
        self._is_cell_running = False
        self._is_resting = False
        self._alarm = threading.Event()
        self._is_child = False

    def attach(self, runner):
        """Connects what concerns the whole process: SIGINT, forks, the watcher."""
        self._runner = runner
        signal.signal(signal.SIGINT, runner.on_interrupt)
        # The kernel may give a signal to any thread, and then the main thread's `select` goes on.
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        os.register_at_fork(after_in_child=self._become_child)
        # The other thread is the watcher, which holds no lock that a child needs.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        sys.argv = [""]
        # Modules that a script writes into its directory can be imported, as with `python script.py`.
        if "" not in sys.path:
            sys.path.insert(0, "")

    # What the core uses

    def read(self, timeout):
        """Bytes; b"" when `timeout` seconds passed or `wake` was called; None at end of file."""
        if self._is_child:
            return _sleep_in_child(timeout)
        ready = self._inputs.poll(None if timeout is None else ceil(timeout * 1000))
        for descriptor, _ in ready:
            if descriptor == self._stdin:
                return self._read_input()
            if descriptor == self._relay:
                return os.read(descriptor, _READ_BYTES) or None
        if ready:
            try:
                os.read(self._wake_read, 4096)
            except BlockingIOError:
                pass
        return b""

    def _read_input(self):
        """Reads from the host itself, unless process 1 has taken over."""
        page = self._page
        page[READING] = 1
        try:
            if not page[TAKEN_OVER]:
                return os.read(self._stdin, _READ_BYTES) or None
        finally:
            page[READING] = 0
        self._inputs.unregister(self._stdin)
        return b""

    def write(self, data):
        """Writes all of `data`."""
        if self._is_child:
            return
        descriptor = self._stderr
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(descriptor, view) :]
            except BlockingIOError:
                select.select((), (descriptor,), ())
            except BrokenPipeError:
                os._exit(0)

    def drain(self):
        """What was written to descriptors 1 and 2, as (source, bytes)."""
        found = []
        if self._is_child:
            return found
        with self._drain_lock:
            for descriptor, _ in self._outputs.poll(0):
                data = _read_available(descriptor)
                if data:
                    found.append((self._sources[descriptor], data))
        return found

    def wake(self):
        """Ends a `read`; from any thread or signal handler."""
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:  # full: it wakes anyway
            pass

    def has_threads(self):
        """Whether any thread but the runner's own two may do something."""
        from .hopeless import is_idle  # imports asyncio, which this module must not

        at_work = sum(not is_idle(frame) for frame in sys._current_frames().values())
        return at_work > 1 + (not self._is_child)

    def end(self, exit_code):
        """Ends the process, whatever threads and children do."""
        os._exit(exit_code)

    def before_cell(self):
        """Lets the watcher work. Waking a thread costs more than a small cell: it goes to rest a while after one."""
        self._is_cell_running = True
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="toolscript-output", daemon=True)
            self._watcher.start()
        elif self._is_resting:
            self._alarm.set()

    def after_cell(self, return_code):
        """Lets the watcher rest. A forked process that returned from the script's code ends here."""
        if self._is_child:
            self._runner.pump.output.sync_streams()
            os._exit(return_code)
        self._is_cell_running = False

    # Helpers

    def _watch(self):
        """Sends output while a script computes, and keeps the pipes from filling up."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        pipes = _make_poll(self._sources)
        pump = self._runner.pump
        flushed_at = idle_since = 0.0
        while True:
            if not self._is_cell_running:
                idle_since = idle_since or monotonic()
                self._rest(monotonic() - idle_since)
                continue
            idle_since = 0.0
            if pipes.poll(FLUSH_SECONDS * 1000):
                pump.collect_output()
            now = monotonic()
            if now - flushed_at >= FLUSH_SECONDS:
                flushed_at = now
                pump.flush_output()

    def _rest(self, idle_seconds):
        if idle_seconds < _REST_AFTER_SECONDS:
            sleep(FLUSH_SECONDS)
            return
        self._is_resting = True
        if not self._is_cell_running:  # it may have started before it could know
            self._alarm.wait()
        self._alarm.clear()
        self._is_resting = False

    def _become_child(self):
        """In a forked process nothing of the protocol is left; what it prints reaches the parent through the pipes."""
        self._is_child = True
        wake = (self._wake_read, self._wake_write)
        for descriptor in (self._stdin, self._stderr, self._relay, *wake, *self._sources):
            os.close(descriptor)
        self._runner.pump.become_child(_write_directly)


def _take(descriptor):
    """Moves a standard stream to a private descriptor, not inherited by other programs."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _LOWEST_PRIVATE)
    except OSError:  # a low limit of open files
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)


def _move_up(descriptor):
    moved = _take(descriptor)
    os.close(descriptor)
    return moved


def _map_page(descriptor):
    """What process 1 and the runner share; without it process 1 takes nothing over."""
    if descriptor is None:
        return bytearray(PAGE_BYTES)
    page = mmap.mmap(descriptor, PAGE_BYTES)
    os.close(descriptor)
    return page


def _make_poll(descriptors):
    """One for each thread: a poll object takes one caller at a time."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return poll


def _make_pipe():
    ends = [_move_up(end) for end in os.pipe()]
    for end in ends:
        os.set_blocking(end, False)
    return ends


def _redirect(descriptor):
    """Leads a standard stream into a pipe and returns the pipe's reading end."""
    reading, writing = os.pipe()
    os.dup2(writing, descriptor)
    os.close(writing)
    reading = _move_up(reading)
    os.set_blocking(reading, False)
    return reading


def _read_available(descriptor):
    parts = []
    while True:
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            break
        if not data:
            break
        parts.append(data)
        if len(data) < 65536:
            break
    return b"".join(parts)


def _sleep_in_child(timeout):
    if timeout is None:  # it waits for what can never come
        os._exit(1)
    sleep(timeout)
    return b""


def _write_directly(source, data):
    view = memoryview(data)
    while view:
        view = view[os.write(source + 1, view) :]
