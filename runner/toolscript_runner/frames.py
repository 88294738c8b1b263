"""The line codec: bytes to checked host frames, values to JSON text.

Guarantees: what leaves `parse_frame` has exactly the fields and types of `src/protocol/frames.ts`; memory is bounded
by the frame limit. Knows nothing of cells, tools or loops.
"""

import json.decoder
import json.encoder
import re

PROTOCOL_VERSION = 1

# Until the host's `hello` says otherwise.
DEFAULT_MAX_FRAME_BYTES = 32 * 1024 * 1024

# Objects, arrays, members and items of one frame; as values on the host they take far more memory than as text.
MAX_FRAME_PARTS = 250_000
# Those of a call's frame beside its input.
_CALL_PARTS = 16

# Some hundred calls of a large wave: a host that works beside the runner begins with them while the rest is being made.
# A gather of 1,000 then takes about 15 % less; smaller parts cost more writes than they gain.
EARLY_CHARACTERS = 24 * 1024

# The shortest marker that cannot be guessed.
MIN_MARKER_LENGTH = 16


class ProtocolError(Exception):
    """The host sent something that the protocol does not allow; the runner ends."""


class LineReader:
    """Cuts a byte stream into lines. Keeps at most one unfinished line of `max_bytes`."""

    def __init__(self, max_bytes=DEFAULT_MAX_FRAME_BYTES):
        self.max_bytes = max_bytes
        self._parts = []
        self._size = 0

    def feed(self, data):
        """Returns the complete lines that `data` (bytes) finishes, as text without their newline."""
        end = data.rfind(b"\n")
        if end < 0:
            self._keep(data)
            return []
        block = data[:end]
        if self._parts:
            block = b"".join(self._parts) + block
            self._parts = []
            self._size = 0
        rest = data[end + 1 :]
        if rest:
            self._keep(rest)
        if len(block) > self.max_bytes:
            for line in block.split(b"\n"):
                self._check(len(line))
        try:
            return block.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise ProtocolError("a line from the host is not UTF-8: %s" % error) from None

    def _keep(self, data):
        self._size += len(data)
        self._check(self._size)
        self._parts.append(data)

    def _check(self, size):
        if size > self.max_bytes:
            raise ProtocolError("a line from the host has more than %d bytes, the limit of a frame" % self.max_bytes)


def _refuse_constant(name):
    raise ValueError("%s is not JSON" % name)


_decoder = json.decoder.JSONDecoder(parse_constant=_refuse_constant)
_scan = _decoder.scan_once


def parse_frame(line):
    """Parses one line into a checked frame (a dict). Raises `ProtocolError` for anything else."""
    try:
        frame, end = _scan(line, 0)
        if end != len(line):
            frame = _decoder.decode(line)
    except (ValueError, StopIteration, RecursionError) as error:
        raise ProtocolError("a line from the host is not JSON: %s" % error) from None
    if type(frame) is not dict:
        raise ProtocolError("a line from the host is not a JSON object")
    kind = frame.get("type")
    if kind == "result" and len(frame) == 3 and "value" in frame and _is_count(frame.get("id"), 1):
        return frame
    fields = _FIELDS.get(kind) if type(kind) is str else None
    if fields is None:
        raise ProtocolError("a frame has the unknown type %.100r" % (kind,))
    _check_fields(kind, frame, fields)
    return frame


def _check_fields(where, value, fields):
    """Checks that `value` is a dict with exactly `fields`: name to (test, what was expected); `_optional` ones may be missing."""
    if type(value) is not dict:
        raise ProtocolError("%s is %.100r, expected an object" % (where, value))
    for name, (test, expected) in fields.items():
        if name not in value:
            if (where, name) in _optional:
                continue
            raise ProtocolError("%s has no field %r, expected %s" % (where, name, expected))
        if not test(value[name]):
            raise ProtocolError("%s.%s is %.100r, expected %s" % (where, name, value[name], expected))
    for name in value:
        if name not in fields and name != "type":
            raise ProtocolError("%s has the unknown field %.100r" % (where, name))


def _is_count(value, least):
    return type(value) is int and value >= least


def _is_tool_list(value):
    if type(value) is not list:
        return False
    for tool in value:
        _check_fields("tools[]", tool, _TOOL_FIELDS)
    return True


def _are_limits(value):
    _check_fields("run.limits", value, _LIMIT_FIELDS)
    return True


_any = (lambda value: True, "a JSON value")
_text = (lambda value: type(value) is str, "a string")
_integer = (lambda value: type(value) is int, "an integer")
_natural = (lambda value: _is_count(value, 0), "an integer >= 0")
_positive = (lambda value: _is_count(value, 1), "an integer >= 1")
_identifier = (
    lambda value: type(value) is str and value.isascii() and value.isidentifier(),
    "an ASCII identifier",
)
_name = (lambda value: type(value) is str and value != "", "a string that is not empty")
_names = (
    lambda value: type(value) is list and all(type(item) is str for item in value),
    "an array of strings",
)

_optional = {("tools", "types")}
_TOOL_FIELDS = {"name": _name, "python": _identifier, "parameters": _names}
_LIMIT_FIELDS = {"maxOutputBytes": _natural, "maxCalls": _natural, "maxCallsInFlight": _natural}
_FIELDS = {
    "hello": {
        "version": _integer,
        "marker": (
            lambda value: type(value) is str and len(value) >= MIN_MARKER_LENGTH and "\n" not in value,
            "a line of %d characters or more" % MIN_MARKER_LENGTH,
        ),
        "maxFrameBytes": (lambda value: _is_count(value, 1024), "an integer >= 1024"),
    },
    "tools": {"tools": (_is_tool_list, "an array of tools"), "types": _names},
    "run": {"cell": _positive, "code": _text, "limits": (_are_limits, "an object")},
    "result": {"id": _positive, "value": _any},
    "error": {
        "id": _positive,
        "kind": (lambda value: value in ("tool", "timeout"), "'tool' or 'timeout'"),
        "message": _text,
    },
    "exit": {},
}


def _refuse_value(value):
    raise TypeError(type(value).__name__)


_seen = {}
quote = json.encoder.encode_basestring_ascii


def _make_encode():
    """The C encoder made once: `json.dumps` would make one for each value."""
    if json.encoder.c_make_encoder is None:
        slow = json.encoder.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_refuse_value)
        return lambda value, level: slow.iterencode(value)
    return json.encoder.c_make_encoder(_seen, _refuse_value, quote, None, ":", ",", False, False, False)


_encode = _make_encode()


def to_json(value):
    """Compact ASCII JSON of `value`. Raises `ValueError` whose message says which part JSON cannot carry."""
    try:
        text = "".join(_encode(value, 0))
        if _find_long_number(text):
            _refuse_long_integer(value)
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(_describe_offender(value) or str(error)) from None
    finally:
        # A failed encoding leaves the containers it was in marked as seen.
        if _seen:
            _seen.clear()


def has_too_many_parts(text):
    """Whether compact JSON has more objects, arrays, members and items than a frame may have."""
    if len(text) < MAX_FRAME_PARTS - _CALL_PARTS or _count_marks(text) <= MAX_FRAME_PARTS - _CALL_PARTS:
        return False
    outside_strings = text.replace("\\\\", "").replace('\\"', "").split('"')[::2]
    return _count_marks("".join(outside_strings)) > MAX_FRAME_PARTS - _CALL_PARTS


def _count_marks(text):
    return text.count(",") + text.count(":") + text.count("{") + text.count("[")


# The host reads numbers as doubles: whole numbers beyond this would arrive as their neighbours.
_MAX_INTEGER = 2**53 - 1
_find_long_number = re.compile(r"[0-9]{16}").search


def _refuse_long_integer(value):
    offender = _describe_offender(value)
    if offender is not None:
        raise ValueError(offender)


_MAX_DEPTH = 200


def _describe_offender(root):
    """Finds the first part of `root` that JSON cannot carry and says so, with its path; None when there is none."""
    stack = [("", root, 0, ())]
    while stack:
        path, value, depth, parents = stack.pop()
        where = " at %r" % path if path else ""
        if isinstance(value, (dict, list, tuple)):
            if id(value) in parents:
                return "the %s%s contains itself" % (type(value).__name__, where)
            if depth >= _MAX_DEPTH:
                return "the value is nested more than %d levels deep" % _MAX_DEPTH
            inside = parents + (id(value),)
            if isinstance(value, dict):
                for key in value:
                    if not isinstance(key, (str, int, float, bool, type(None))):
                        return "the dict%s has a key of type %r, JSON keys are strings" % (where, type(key).__name__)
                parts = [("%s.%s" % (path, key) if path else str(key), item) for key, item in value.items()]
            else:
                parts = [("%s[%d]" % (path, index), item) for index, item in enumerate(value)]
            stack.extend((name, item, depth + 1, inside) for name, item in reversed(parts))
        elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            return "the float%s is %r, which JSON cannot carry" % (where, value)
        elif isinstance(value, int) and not -_MAX_INTEGER <= value <= _MAX_INTEGER:
            return "the int%s is %d, beyond what JSON numbers carry exactly; send it as a string" % (where, value)
        elif not (value is None or isinstance(value, (str, int, float))):
            return "the value%s has the type %r, which JSON cannot carry" % (where, type(value).__name__)
    return None
