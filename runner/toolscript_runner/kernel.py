"""The driver for a kernel that runs code only while it is asked to: AgentCore's Code Interpreter, any IPython.

The runner and the scripts run in a thread of their own; one execution of the kernel is one `exchange`: it hands the
host's frames in, lets the thread go on until it can do no more, the cell ends, or a deadline, and prints what it wrote.

Guarantees: exchanges are numbered, and one that is repeated runs and delivers nothing again: its answer comes from
memory. The script's side of the process is in place during an exchange, the kernel's otherwise (`kernel_world.py`).

An answer, printed on the kernel's standard output, is made of lines that begin with the session's marker:
`begin {"sequence", "state", "wakeInMs", "encoding", "bytes"}`, the frames (plain, or `deflate` in base64), `end SEQUENCE`.
"""

import binascii
import io
import threading
import zlib
from time import monotonic

from .kernel_transport import KernelTransport

# Answers of more bytes are compressed.
MIN_DEFLATED_BYTES = 32 * 1024

# As in the main thread of most systems; other threads get less on some.
STACK_BYTES = 16 * 1024 * 1024

_session = None


def install(marker):
    """Once for a kernel; an installation that is repeated changes nothing."""
    global _session
    if _session is None:
        _session = KernelSession(marker)


def exchange(sequence, seconds, data="", is_packed=False, interrupted_cell=0, is_held=False):
    """Delivers frames (text, or deflated in base64) and prints the answer, after `seconds` at the latest.

    `is_held`: more belongs to this delivery; nothing goes on yet. `interrupted_cell`: `KeyboardInterrupt` in that cell.
    """
    frames = zlib.decompress(binascii.a2b_base64(data)) if is_packed else data.encode("utf-8", "surrogatepass")
    _session.exchange(sequence, seconds, frames, interrupted_cell, is_held)


class KernelSession:
    """The one session of a kernel, between the kernel's main thread and the script's."""

    def __init__(self, marker):
        self._marker = marker
        self._sequence = 0
        # Of the last exchange; None while it goes on, or when it was interrupted.
        self._answer = ""
        self._transport = KernelTransport()
        self._thread = None

    def exchange(self, sequence, seconds, frames, interrupted_cell, is_held):
        """See the function of this name."""
        if sequence == self._sequence + 1:
            self._sequence, self._answer = sequence, None
            if is_held:
                self._transport.hold(frames)
                self._answer = self._wrap("held", None, b"")
            else:
                self._go_on(seconds, frames, interrupted_cell)
        elif sequence != self._sequence:
            message = "exchange %d came after exchange %d\n" % (sequence, self._sequence)
            self._print(self._wrap("fault", None, message.encode()))
            return
        elif self._answer is None:
            self._go_on(seconds, b"", 0)
        self._print(self._answer)

    def _go_on(self, seconds, frames, interrupted_cell):
        deadline = monotonic() + seconds
        transport = self._transport
        transport.open(frames)
        try:
            if self._thread is None:
                self._thread = _start_thread(transport.serve)
            transport.set_up()
            if interrupted_cell:
                transport.interrupt(interrupted_cell)
            state = transport.wait(deadline)
        finally:
            transport.close()
        wake_in_ms = transport.wake_in_ms() if state == "waiting" else None
        data, is_all = transport.take()
        self._answer = self._wrap(state if is_all else "more", wake_in_ms, data)

    def _wrap(self, state, wake_in_ms, data):
        encoding = "plain"
        if len(data) >= MIN_DEFLATED_BYTES:
            encoding = "deflate"
            data = binascii.b2a_base64(zlib.compress(data, 1))
        wake = "null" if wake_in_ms is None else "%.3f" % wake_in_ms
        head = '{"sequence":%d,"state":"%s","wakeInMs":%s,"encoding":"%s","bytes":%d}'
        head = head % (self._sequence, state, wake, encoding, len(data))
        marker = self._marker
        return "%sbegin %s\n%s%send %d\n" % (marker, head, data.decode("ascii", "replace"), marker, self._sequence)

    def _print(self, text):
        stream = self._transport.answers()
        stream.write(text)
        if isinstance(stream, io.TextIOWrapper):  # a kernel's own stream is flushed by the kernel, and at a cost
            stream.flush()


def _start_thread(target):
    old = threading.stack_size(STACK_BYTES)
    try:
        thread = threading.Thread(target=target, name="toolscript", daemon=True)
        thread.start()
    finally:
        threading.stack_size(old)
    return thread
