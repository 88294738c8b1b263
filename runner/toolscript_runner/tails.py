"""The ends of a cell's streams, kept when a cell prints more than it may: what a script prints last is its answer.

Guarantees: at most its share of the budget is held, the marks of what was dropped included; no character is cut in two.
"""

from collections import deque

# Of output beyond the budget each stream keeps an end of this size, or of this part of a smaller budget; tiny ones have none.
TAIL_BYTES = 64 * 1024
TAIL_PART = 4
LEAST_BYTES_WITH_TAILS = 4096

# Stands in a stream where bytes were dropped; the room that it takes at most.
GAP = "\n[... %d bytes dropped ...]\n"
GAP_BYTES = 64


class Tails:
    """The ends of both streams, for a cell that may print `cell_bytes`. What one does not need, the other may use."""

    def __init__(self, cell_bytes):
        has_tails = cell_bytes >= LEAST_BYTES_WITH_TAILS
        # So much of the cell's budget is for the ends.
        self.max_bytes = 2 * min(TAIL_BYTES, cell_bytes // TAIL_PART) if has_tails else 0
        self._room = self.max_bytes
        self.dropped_bytes = 0
        self._tails = {"stdout": _Tail(), "stderr": _Tail()}

    def add(self, name, data):
        self._tails[name].add(data)
        self._room -= len(data)
        if self._room < 0:
            if self.max_bytes and not self.dropped_bytes:
                self._room -= 2 * GAP_BYTES
            own_bytes = max(0, self.max_bytes // 2 - GAP_BYTES)
            for tail in self._tails.values():
                dropped = tail.drop(min(-self._room, tail.size - own_bytes))
                self._room += dropped
                self.dropped_bytes += dropped

    def texts(self):
        """The kept ends, by the names of their streams."""
        return [(name, tail.text()) for name, tail in self._tails.items()]


class _Tail:
    """The end of one stream."""

    def __init__(self):
        self._parts = deque()
        self.size = 0
        self.dropped_bytes = 0

    def add(self, data):
        # In pieces, of which a part can be forgotten without copying the rest or holding all of a large write.
        self._parts += (data[start : start + TAIL_BYTES] for start in range(0, len(data), TAIL_BYTES))
        self.size += len(data)

    def drop(self, least):
        """Forgets `least` bytes from the beginning, and a character that this would cut; returns how many."""
        dropped = 0
        while dropped < least:
            first = self._parts.popleft()
            rest = least - dropped
            if len(first) > rest:
                while rest < len(first) and first[rest] & 0xC0 == 0x80:
                    rest += 1
                if rest < len(first):
                    self._parts.appendleft(memoryview(first)[rest:])
                dropped += rest
            else:
                dropped += len(first)
        self.size -= dropped
        self.dropped_bytes += dropped
        return dropped

    def text(self):
        kept = b"".join(self._parts).decode("utf-8", "replace")
        return GAP % self.dropped_bytes + kept if self.dropped_bytes and kept else kept
