"""Tool calls: the async functions a script sees, the table of calls that wait, and the budgets of calls.

Guarantees: ids grow by one from 1 over the session; a call leaves once or not at all; a call that is no longer awaited
is cancelled once. Knows nothing of transports; frames go to `send`, a callable that takes one line of text.
"""

import _thread
import asyncio
from asyncio import Future

from .arguments import mend, show_call, to_input
from .errors import ToolError, ToolTimeout, make_error
from .frames import MAX_FRAME_PARTS, ProtocolError, has_too_many_parts, quote, to_json
from .loop import PumpedLoop

_get_ident = _thread.get_ident
_get_running_loop = asyncio._get_running_loop

# Room for the id and the end of a frame when its size is checked before it has an id.
_ID_DIGITS = 22


class Calls:
    """All calls of a session. `max_frame_bytes` and `marker` come with the host's `hello`."""

    def __init__(self, send):
        self._send = send
        self.marker = ""
        self.max_frame_bytes = 0
        # Frames leave in the order of their ids, also when threads make calls.
        self._lock = _thread.RLock()
        self._last_id = 0
        self._waiting = {}
        self._cancelled = set()
        # For hints about what an expression stood for that has no name: the result of this cell's last call, and the tool's name.
        self.last_result = None
        self.last_tool = None
        self._cell = 0
        self._made = 0
        self._head = ""
        self._max_calls = 0
        self._max_in_flight = 0

    def open_cell(self, cell, limits):
        """From here on calls belong to `cell`."""
        self._cell = cell
        self._made = 0
        self._max_calls = limits["maxCalls"]
        self._max_in_flight = limits["maxCallsInFlight"]
        self._head = '%s{"type":"call","cell":%d,"id":' % (self.marker, cell)

    def close_cell(self):
        """Cancels what still waits (a thread or a stray coroutine); until the next cell no call can be made."""
        for call_id, (future, _) in list(self._waiting.items()):
            self._cancel(call_id)
            _deliver(future, future.cancel)
        self.last_result = None
        self._head = ""

    def are_waiting(self):
        """Whether any call has no answer yet."""
        return bool(self._waiting)

    def become_child(self):
        """In a forked process: the table is the parent's."""
        self._lock = _thread.RLock()
        self._waiting.clear()
        self._head = ""

    def make_tool(self, declaration):
        """The async function under which a script finds a tool."""
        name = declaration["name"]
        tail = ',"tool":%s,"input":' % quote(name)
        python = declaration["python"]
        parameters = tuple(declaration["parameters"])
        declared = frozenset(parameters)
        waiting = self._waiting
        send = self._send
        lock = self._lock

        async def tool(*args, **kwargs):
            if args:
                kwargs = to_input(name, parameters, args, kwargs)
            elif declared and not kwargs.keys() <= declared:
                kwargs = mend(parameters, kwargs)
            try:
                text = to_json(kwargs)
            except ValueError as error:
                raise _refusal(name, str(error)) from None
            if not self._head or self._made >= self._max_calls or len(waiting) >= self._max_in_flight:
                raise self._over_budget(name)
            size = len(self._head) + _ID_DIGITS + len(tail) + len(text)
            if size > self.max_frame_bytes:
                raise self._too_large(name, size)
            if size >= MAX_FRAME_PARTS and has_too_many_parts(text):
                raise _refusal(
                    name,
                    "its input has more than %d items and members; send fewer in one call, or one text" % MAX_FRAME_PARTS,
                )
            loop = _get_running_loop()
            if not isinstance(loop, PumpedLoop):
                raise _refusal(name, "it needs the event loop that asyncio hands out, not a %s" % type(loop).__name__)
            future = Future(loop=loop)
            with lock:
                self._made += 1
                self._last_id = call_id = self._last_id + 1
                waiting[call_id] = (future, name)
                send("%s%d%s%s}\n" % (self._head, call_id, tail, text))
            try:
                return await future
            except (ToolError, ToolTimeout) as error:
                if error.tool is not None and error.input is None:
                    _name_call(error, python, kwargs)
                raise
            except BaseException:
                if call_id in waiting:  # not answered, so not awaited any more
                    self._cancel(call_id)
                raise

        tool.__name__ = tool.__qualname__ = python
        tool.__module__ = "__main__"
        tool.__doc__ = None
        return tool

    def _over_budget(self, name):
        if not self._head:
            return _refusal(name, "no cell is running in this process")
        if self._made >= self._max_calls:
            return _refusal(
                name,
                "this cell has made %d calls, the most that a cell may make; ask for more in one call, "
                "or go on in another cell" % self._max_calls,
            )
        return _refusal(
            name,
            "%d calls are waiting, the most that may wait at once; await them in smaller groups, "
            "or hold them back with asyncio.Semaphore(%d)" % (self._max_in_flight, max(1, self._max_in_flight)),
        )

    def _too_large(self, name, size):
        return _refusal(
            name,
            "its input makes a frame of %d bytes, the limit is %d; send less in one call"
            % (size, self.max_frame_bytes),
        )

    def _cancel(self, call_id):
        del self._waiting[call_id]
        self._cancelled.add(call_id)
        self._send('%s{"type":"cancel","cell":%d,"id":%d}\n' % (self.marker, self._cell, call_id))

    def resolve(self, call_id, value):
        """Gives a waiting call its value."""
        entry = self._waiting.pop(call_id, None) or self._take_late(call_id)
        if entry is not None:
            future, self.last_tool = entry
            self.last_result = value
            # As `_deliver`, without its calls: this is every result's way.
            thread = future.get_loop()._thread_id
            if thread is None or thread == _get_ident():
                if not future.done():
                    future.set_result(value)
            else:
                _deliver(future, future.set_result, value)

    def reject(self, call_id, kind, message):
        """Raises `ToolError` or `TimeoutError` at a waiting call."""
        entry = self._waiting.pop(call_id, None) or self._take_late(call_id)
        if entry is not None:
            future, name = entry
            _deliver(future, future.set_exception, make_error(kind, message, name))

    def _take_late(self, call_id):
        if call_id not in self._cancelled:
            raise ProtocolError("call %d was answered, but it does not wait" % call_id)
        self._cancelled.discard(call_id)


def _deliver(future, action, *args):
    """Settles a future: at once on this thread's loop, through the loop's own thread otherwise."""
    loop = future.get_loop()
    if loop.is_elsewhere():
        loop.call_soon_threadsafe(_settle, future, action, args)
    else:
        _settle(future, action, args)


def _settle(future, action, args):
    if not future.done():
        action(*args)


def _name_call(error, python, value):
    """Of many gathered calls only the error says which one failed: as a note, which leaves its text as it is."""
    error.input = value
    try:
        note = "(in the call %s)" % show_call(python, value)
    except Exception:  # a __repr__ of the script's
        return
    if note not in getattr(error, "__notes__", ()):
        error.__notes__ = [*getattr(error, "__notes__", ()), note]


def _refusal(name, reason):
    error = ToolError("Cannot call %r: %s" % (name, reason))
    error.tool = name
    return error
