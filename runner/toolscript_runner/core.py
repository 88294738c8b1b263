"""The runner: speaks the protocol over a transport and runs cells, one after another.

Knows no driver. A transport has

- `read(timeout)`: bytes; b"" when `timeout` seconds passed (0: at once, None: never) or `wake` was called; None at end
  of file;
- `write(data)`: all of the bytes, blocking;
- `drain()`: what reached descriptors 1 and 2 past Python's streams, as pairs of `RAW_STDOUT` or `RAW_STDERR` and bytes;

and may have `early_characters` (so many of a wave are written before it is complete), `wake()` (ends a `read`, from any
thread), `has_threads()` (whether the script has threads), `end(exit_code)` (ends the process at once; without it an
exception unwinds the script), `before_cell()` and `after_cell(return_code)`.
"""

import sys

from . import errors, nesting, trace
from .cell import Cells
from .errors import RunnerEnded
from .frames import PROTOCOL_VERSION, ProtocolError, quote
from .pump import EXIT_OK, Pump


class Runner:
    """A session's interpreter. One for a process: it takes over asyncio's policy, `sys.stdout` and `__main__`."""

    def __init__(self, transport):
        self._transport = transport
        self.pump = Pump(transport)
        self._loop = self.pump.make_loop()
        self._cells = Cells(self._loop, self.pump.calls)
        self._tools = {}
        self._installed = {}
        self._is_greeted = False
        self._takes_interrupts = False
        # The last cell that has begun, and the one that is to be interrupted as soon as it can be.
        self._cell = 0
        self._interrupted_cell = 0
        errors.install()
        trace.install()
        self._cells.names.install()
        nesting.install(self._loop, self.pump.make_loop)

    def serve(self):
        """Runs until `exit` or end of file and returns the exit code: 0, or 70 when the host broke the protocol."""
        try:
            while True:
                self._handle(self.pump.next_frame())
        except RunnerEnded:
            return self.pump.exit_code

    def _handle(self, frame):
        kind = frame["type"]
        try:
            if kind == "hello":
                self._greet(frame)
            elif kind == "exit":
                self.pump.end(EXIT_OK)
            elif not self._is_greeted:
                raise ProtocolError("a %r frame came before 'hello'" % kind)
            elif kind == "run":
                self._run(frame["cell"], frame["code"], frame["limits"])
            elif kind == "tools":
                self._declare(frame["tools"], frame.get("types", ()))
            elif kind == "result":
                self.pump.calls.resolve(frame["id"], frame["value"])
            else:
                self.pump.calls.reject(frame["id"], frame["kind"], frame["message"])
        except ProtocolError as error:
            self.pump.fail(error)

    def _greet(self, frame):
        if self._is_greeted:
            raise ProtocolError("a second 'hello' came")
        self._is_greeted = True
        marker = frame["marker"]
        self.pump.configure(marker, frame["maxFrameBytes"])
        python = "%d.%d.%d" % sys.version_info[:3]
        hello = '%s{"type":"hello","version":%d,"python":%s}\n'
        self.pump.send(hello % (marker, PROTOCOL_VERSION, quote(python)))
        self.pump.flush()
        if frame["version"] != PROTOCOL_VERSION:
            message = "the host speaks version %d of the protocol, this runner version %d"
            raise ProtocolError(message % (frame["version"], PROTOCOL_VERSION))

    def _declare(self, tools, type_names):
        """The same declaration keeps the same function."""
        known = self._tools
        self._tools = {}
        for tool in tools:
            python = tool["python"]
            if python in self._tools:
                raise ProtocolError("two tools have the name %r" % python)
            old = known.get(python)
            is_same = old is not None and old[0] == tool
            self._tools[python] = old if is_same else (tool, self.pump.calls.make_tool(tool))
        self._cells.names.declare(((tool["name"], function) for tool, function in self._tools.values()), type_names)

    def _install_tools(self):
        """A name that the script has bound to something else stays the script's until it deletes it."""
        namespace = self._cells.namespace
        for python, function in self._installed.items():
            if namespace.get(python) is function:
                del namespace[python]
        self._installed = {python: function for python, (_, function) in self._tools.items()}
        self._cells.names.make_way(self._installed)
        for python, function in self._installed.items():
            namespace.setdefault(python, function)

    def _run(self, cell, code, limits):
        self._cell = cell
        self._install_tools()
        pump = self.pump
        pump.open_cell(cell, limits)
        pump.interrupt_requested = False
        self._call_transport("before_cell")
        self._takes_interrupts = True
        if self._interrupted_cell == cell:
            pump.interrupt_requested = True
        try:
            return_code = self._cells.run(cell, code)
        finally:
            self._takes_interrupts = False
        self._call_transport("after_cell", return_code)
        pump.close_cell(cell, return_code)

    def _call_transport(self, name, *args):
        method = getattr(self._transport, name, None)
        if method is not None:
            method(*args)

    def on_interrupt(self, signum=None, frame=None):
        """A handler for SIGINT, in the main thread: `KeyboardInterrupt` in the script, never in the runner's code."""
        if not self._takes_interrupts:
            return
        if _is_in_cell(frame):
            raise KeyboardInterrupt
        self.pump.interrupt_requested = True
        self._loop.wake()

    def request_interrupt(self, cell):
        """For drivers that know which cell is meant: it may not have begun yet, or have ended. From any thread."""
        if cell < self._cell:
            return
        self._interrupted_cell = cell
        if self._takes_interrupts and cell == self._cell:
            self.pump.interrupt_requested = True
            self._loop.wake()

    def takes_interrupt(self, frame):
        """Whether code of a cell is to be interrupted and runs, in `frame`; it then has to be: the request is taken back."""
        if not (self.pump.interrupt_requested and self._takes_interrupts and _is_in_cell(frame)):
            return False
        self.pump.interrupt_requested = False
        return True


def _is_in_cell(frame):
    """Whether the script's code runs, or what it called, rather than the runner's."""
    while frame is not None and not trace.is_own_frame(frame):
        if trace.is_cell_frame(frame):
            return True
        frame = frame.f_back
    return False


def reseed():
    """Seeds what a snapshot of a process would otherwise repeat in every copy. For drivers."""
    random = sys.modules.get("random")
    if random is not None:
        random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "random"):
        numpy.random.seed()
