"""What a cell prints: genuine text streams above, `output` frames below.

Guarantees: text leaves in the order it was written on each stream; characters are never cut in two; at most
`maxOutputBytes` of a cell leave, the beginning and each stream's end, and what lies between is counted; nothing that is
printed can be taken for a frame.
Knows nothing of transports: bytes from the process's own descriptors are handed to `add`.
"""

import _thread
import codecs
import io
import sys
from time import monotonic

from .frames import quote
from .tails import Tails

# Text of one frame, in characters. Larger outputs become several frames.
MAX_PIECE_CHARACTERS = 64 * 1024

# While a script computes, output leaves after this much or this long.
FLUSH_BYTES = 64 * 1024
FLUSH_SECONDS = 0.05

STDOUT, STDERR, RAW_STDOUT, RAW_STDERR = range(4)
_NAMES = ("stdout", "stderr", "stdout", "stderr")
_utf8_decoder = codecs.getincrementaldecoder("utf-8")


class Output:
    """Collects what a cell writes. `pump.flush()` is called when it should leave before the next wave."""

    def __init__(self, pump):
        self._pump = pump
        self._lock = _thread.RLock()
        self._parts = []
        self._decoders = [_utf8_decoder("replace") for _ in _NAMES]
        self._room = 0
        self._tails = Tails(0)
        self._flushed_at = 0.0
        self._prefix = None
        # Bytes collected and not yet handed out.
        self.size = 0
        self.streams = [None, None]
        # Set in a forked child: writes go to the descriptors, as in any other process.
        self.write_directly = None

    def open_cell(self, prefix, max_bytes):
        """`prefix` begins each frame, up to the stream's name. What was written between cells goes to this one."""
        with self._lock:
            self._prefix = prefix
            self._tails = Tails(max_bytes)
            self._room = max_bytes - self._tails.max_bytes
            self._flushed_at = monotonic()
            parts, self._parts, self.size = self._parts, [], 0
            for source, data in parts:
                self._keep(source, data)
        self._install_streams()

    def _install_streams(self):
        """The script may have closed or replaced them."""
        for index, name in enumerate(("stdout", "stderr")):
            stream = self.streams[index]
            if stream is None or not _is_usable(stream):
                stream = self.streams[index] = _make_stream(self, index)
            setattr(sys, name, stream)
            setattr(sys, "__%s__" % name, stream)
        if sys.__stdin__ is None or sys.__stdin__.closed or sys.stdin is not sys.__stdin__:
            sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BufferedReader(_Empty()), encoding="utf-8")

    def write(self, source, data):
        """What the script's streams call. Flushes when it is due."""
        if self.write_directly is not None:
            self.write_directly(source, data)
            return
        with self._lock:
            self._keep(source, data)
            is_due = self.size >= FLUSH_BYTES or monotonic() - self._flushed_at >= FLUSH_SECONDS
        if is_due:
            self._pump.flush()
        if self._pump.interrupt_requested:  # it came while the lines above ran
            self._pump.raise_interrupt()

    def add(self, source, data):
        """Keeps bytes that came past Python's streams."""
        with self._lock:
            self._keep(source, data)

    def _keep(self, source, data):
        if len(data) > self._room:
            head = _cut(data, self._room)
            self._tails.add(_NAMES[source], data[len(head) :])
            # What comes later must not stand before this.
            data, self._room = head, 0
        else:
            self._room -= len(data)
        if data:
            self._parts.append((source, data))
            self.size += len(data)

    @property
    def dropped_bytes(self):
        """How much of the cell's output was, or will be, left out."""
        return self._tails.dropped_bytes

    def sync_streams(self):
        """Moves text that still waits in the text layer down to here."""
        for stream in self.streams:
            try:
                stream.flush()
            except (ValueError, AttributeError):  # closed or detached by the script; the next cell gets a new one
                pass

    def take(self):
        """The frames for everything collected, as text; empty when there is nothing."""
        self._flushed_at = monotonic()
        if not self._parts or self._prefix is None:
            return ""
        with self._lock:
            parts, self._parts, self.size = self._parts, [], 0
            return self._to_frames(parts, False)

    def take_last(self):
        """As `take`, what an unfinished character has left behind, and the ends that were kept; the cell is over."""
        with self._lock:
            parts, self._parts, self.size = self._parts, [], 0
            frames = self._to_frames(parts, True)
            frames += "".join(self._to_frame(name, text) for name, text in self._tails.texts())
            self._prefix = None
            # Between cells nothing is refused, but not kept without bounds either.
            self._room = FLUSH_BYTES
            return frames

    def _to_frames(self, parts, is_last):
        runs = []
        for source, data in parts:
            text = self._decoders[source].decode(data)
            if runs and runs[-1][0] == _NAMES[source]:
                runs[-1][1].append(text)
            else:
                runs.append((_NAMES[source], [text]))
        if is_last:
            for source, decoder in enumerate(self._decoders):
                runs.append((_NAMES[source], [decoder.decode(b"", True)]))
                decoder.reset()
        return "".join(self._to_frame(name, "".join(texts)) for name, texts in runs)

    def _to_frame(self, name, text):
        if len(text) <= MAX_PIECE_CHARACTERS:
            return '%s"%s","text":%s}\n' % (self._prefix, name, quote(text)) if text else ""
        pieces = range(0, len(text), MAX_PIECE_CHARACTERS)
        return "".join(self._to_frame(name, text[start : start + MAX_PIECE_CHARACTERS]) for start in pieces)

    def become_child(self, write_directly):
        """In a forked child: what the parent collected is the parent's to send."""
        self._lock = _thread.RLock()
        self.write_directly = lambda source, data: None
        self.sync_streams()
        self._parts = []
        self.write_directly = write_directly


class _Sink(io.RawIOBase):
    """The bytes below `sys.stdout` or `sys.stderr`."""

    def __init__(self, output, source):
        self._output = output
        self._source = source

    @property
    def raw(self):
        return self

    @property
    def name(self):
        return "<%s>" % _NAMES[self._source]

    @property
    def mode(self):
        return "wb"

    def writable(self):
        return True

    def fileno(self):
        return self._source + 1

    def write(self, data):
        if self.closed:
            raise ValueError("write to closed file")
        data = bytes(data)
        if data:
            self._output.write(self._source, data)
        return len(data)


class _Empty(io.RawIOBase):
    """Standard input of a script: nothing."""

    def readable(self):
        return True

    def fileno(self):
        return 0

    def readinto(self, _):
        return 0


def _make_stream(output, source):
    # Lines leave the text layer at once, so that they are seen by `write` and its clock.
    return io.TextIOWrapper(
        _Sink(output, source), encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True
    )


def _is_usable(stream):
    try:
        return not stream.closed
    except ValueError:  # detached
        return False


def _cut(data, size):
    """The first `size` bytes, less a character that would be cut in two."""
    end = size
    while end > 0 and end > size - 4 and data[end] & 0xC0 == 0x80:
        end -= 1
    return data[:end]
