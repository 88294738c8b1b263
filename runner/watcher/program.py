"""The program that process 1 runs: what it does, step by step, for `machine_code.py` to assemble. See `build.py`.

It waits in `poll` for four things, and does nothing else: the end of the input, a signal, an opening of the input, and,
once it has taken the input over, room in the pipe to the runner.
"""

import signal

# Exit codes: as in `process_one.py`; `EX_NOPERM`, the input was opened anew.
EXIT_BROKEN = 71
EXIT_OPENED = 77

_OPENED_TEXT = b"toolscript: the script opened the input of its session\n"

# It looks for unread bytes now and then, and quickly once there are some. When so many quick looks found the same, it tells
# the runner to read no more, and takes over at the next look; it waits for a runner that is just reading, for some looks. A
# runner that ends by itself has a moment.
_REST_NANOSECONDS = 500_000_000
_LOOK_NANOSECONDS = 50_000_000
_LAST_NANOSECONDS = 50_000_000
_UNREAD_LOOKS = 10
_PATIENT_LOOKS = 10
_READ_BYTES = 64 * 1024
_MOST_HELD_BYTES = 256 * 1024 * 1024

_CLOEXEC, _NONBLOCK = 0o2000000, 0o4000
_EINTR, _EAGAIN = -4, -11
_PR_SET_DUMPABLE = 4
_IN_OPEN = 0x20
_WNOHANG = 1
_PAGE_BYTES = 4096
_PROT_READ, _PROT_WRITE, _MAP_SHARED = 1, 2, 1
_FIONREAD = 0x541B
_SIGINT = int(signal.SIGINT)
_POLLIN, _POLLOUT, _POLLRDHUP = 0x1, 0x4, 0x2000
_ENDED = 0x8 | 0x10 | 0x20 | _POLLRDHUP  # POLLERR, POLLHUP, POLLNVAL
# A cell that is a `struct pollfd` holds a descriptor, events << 32, and what happened << 48.
_EVENTS, _HAPPENED = 32, 48
_NO_DESCRIPTOR = 0xFFFFFFFF


# The variables, with their first values. `process_one.py` fills in those from "runner" to "path", which therefore stay
# where they are.
CELLS = {
    # Four that are polled: the input, signals, openings of the input, the way to the runner.
    "input": _POLLRDHUP << _EVENTS,
    "signals": _NO_DESCRIPTOR,
    "openings": _NO_DESCRIPTOR,
    "outlet": _NO_DESCRIPTOR,
    "runner": 0,
    "page descriptor": 0,
    "relay": 0,
    "path": bytes(16),
    "seconds": 0,
    "nanoseconds": 0,
    "pause": _REST_NANOSECONDS,
    "paused": 0,
    "polled": 0,
    "happened": 0,
    "signal descriptor": 0,
    "inotify": 0,
    "status": 0,
    "unread": 0,
    "unread before": 0,
    "looks": 0,
    # Shared with the runner: in its first eight bytes whether the runner is reading, in the next whether it must not.
    "page": 0,
    "must not read": 0,
    "is asking": 0,
    "is relaying": 0,
    # What is held for the runner lies between `sent` and `held`.
    "start": 0,
    "sent": 0,
    "held": 0,
    "scratch": 0,
    "mask": sum(1 << (number - 1) for number in (signal.SIGINT, signal.SIGCHLD)),
    "signal": bytes(128),  # struct signalfd_siginfo
    "opened text": _OPENED_TEXT,
}

STEPS = (
    # Again, for a kernel that does not go by the program's rights.
    ("call", "prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0),
    ("call", "signalfd4", -1, "&mask", 8, _CLOEXEC | _NONBLOCK),
    ("if", "result", "<", 0, "broken"),
    ("set", "signal descriptor", "result"),
    ("set", "signals", "result"),
    ("add", "signals", _POLLIN << _EVENTS),
    # Without it nothing is taken over.
    ("call", "mmap", 0, _PAGE_BYTES, _PROT_READ | _PROT_WRITE, _MAP_SHARED, "page descriptor", 0),
    ("if", "result", "<", 0, "watch openings"),
    ("set", "page", "result"),
    ("set", "must not read", "page"),
    ("add", "must not read", 8),
    # A kernel without it lets openings go unnoticed.
    ("label", "watch openings"),
    ("call", "inotify_init1", _CLOEXEC | _NONBLOCK),
    ("if", "result", "<", 0, "poll"),
    ("set", "inotify", "result"),
    ("call", "inotify_add_watch", "inotify", "&path", _IN_OPEN),
    ("if", "result", "<", 0, "poll"),
    ("set", "openings", "inotify"),
    ("add", "openings", _POLLIN << _EVENTS),

    ("label", "poll"),
    ("set", "seconds", 0),
    ("set", "nanoseconds", "pause"),
    ("call", "ppoll", "&input", 4, "&seconds", 0, 0),
    ("set", "polled", "result"),
    ("if", "polled", "==", _EINTR, "poll"),
    ("if", "polled", "<", 0, "broken"),
    ("set", "happened", "input"),
    ("shift", "happened", _HAPPENED),
    ("set", "scratch", "happened"),
    ("and", "scratch", _ENDED),
    ("if", "scratch", "!=", 0, "over"),
    ("set", "scratch", "openings"),
    ("shift", "scratch", _HAPPENED),
    ("if", "scratch", "!=", 0, "opened"),

    ("set", "scratch", "signals"),
    ("shift", "scratch", _HAPPENED),
    ("if", "scratch", "==", 0, "collect"),
    ("set", "signal", 0),
    ("call", "read", "signal descriptor", "&signal", 128),
    ("and", "signal", 0xFFFFFFFF),
    ("if", "signal", "!=", _SIGINT, "collect"),
    ("call", "kill", "runner", _SIGINT),

    # One child in each turn, so that nothing keeps it from looking at the input. There may be another one then.
    ("label", "collect"),
    ("call", "wait4", -1, "&status", _WNOHANG, 0),
    ("if", "result", "==", "runner", "runner ended"),
    ("set", "paused", "pause"),
    ("if", "result", "<", 1, "no more"),
    ("set", "pause", 0),
    ("jump", "collected"),
    ("label", "no more"),
    ("set", "pause", _REST_NANOSECONDS),
    ("if", "looks", "==", 0, "collected"),
    ("set", "pause", _LOOK_NANOSECONDS),
    ("label", "collected"),
    ("if", "is relaying", "!=", 0, "relay"),
    ("if", "polled", "!=", 0, "poll"),
    ("if", "paused", "==", 0, "poll"),
    ("if", "page", "==", 0, "poll"),
    ("if", "is asking", "!=", 0, "asking"),

    # Nothing happened for a while: does the input lie unread?
    ("call", "ioctl", 0, _FIONREAD, "&unread"),
    ("if", "unread", "==", "unread before", "the same"),
    ("set", "unread before", "unread"),
    ("set", "looks", 0),
    ("label", "the same"),
    ("set", "pause", _LOOK_NANOSECONDS),
    ("add", "looks", 1),
    ("if", "unread", "!=", 0, "lies unread"),
    ("set", "pause", _REST_NANOSECONDS),
    ("set", "looks", 0),
    ("label", "lies unread"),
    ("if", "looks", "<", _UNREAD_LOOKS, "poll"),
    ("poke", "must not read", 1),
    ("set", "is asking", 1),
    ("set", "looks", 1),
    ("jump", "poll"),

    # A look later the runner has seen it, or is seen to be reading.
    ("label", "asking"),
    ("add", "looks", 1),
    ("peek", "scratch", "page"),
    ("if", "scratch", "==", 0, "take over"),
    ("if", "looks", "<", _PATIENT_LOOKS, "poll"),

    ("label", "take over"),
    ("set", "is relaying", 1),
    ("set", "input", (_POLLIN | _POLLRDHUP) << _EVENTS),
    ("call", "brk", 0),
    ("set", "start", "result"),
    ("set", "sent", "start"),
    ("set", "held", "start"),
    ("jump", "poll"),

    ("label", "relay"),
    ("and", "happened", _POLLIN),
    ("if", "happened", "==", 0, "send"),
    ("set", "scratch", "held"),
    ("add", "scratch", _READ_BYTES),
    ("call", "brk", "scratch"),
    ("if", "result", "!=", "scratch", "broken"),
    ("call", "read", 0, "held", _READ_BYTES),
    ("if", "result", "==", 0, "over"),
    ("if", "result", "<", 0, "send"),
    ("add", "held", "result"),
    ("label", "send"),
    ("if", "sent", "==", "held", "nothing held"),
    ("set", "scratch", "held"),
    ("subtract", "scratch", "sent"),
    ("call", "write", "relay", "sent", "scratch"),
    ("if", "result", "==", _EAGAIN, "something held"),
    ("if", "result", "<", 0, "broken"),
    ("add", "sent", "result"),
    ("if", "sent", "!=", "held", "something held"),
    ("label", "nothing held"),
    ("set", "sent", "start"),
    ("set", "held", "start"),
    ("call", "brk", "start"),
    ("set", "outlet", _NO_DESCRIPTOR),
    ("set", "input", (_POLLIN | _POLLRDHUP) << _EVENTS),
    ("jump", "poll"),
    ("label", "something held"),
    ("set", "outlet", "relay"),
    ("add", "outlet", _POLLOUT << _EVENTS),
    ("set", "input", (_POLLIN | _POLLRDHUP) << _EVENTS),
    ("set", "scratch", "held"),
    ("subtract", "scratch", "start"),
    ("if", "scratch", "<", _MOST_HELD_BYTES, "poll"),
    ("set", "input", _POLLRDHUP << _EVENTS),
    ("jump", "poll"),

    ("label", "runner ended"),
    ("set", "scratch", "status"),
    ("and", "scratch", 0x7F),  # the signal that killed it
    ("if", "scratch", "==", 0, "runner exited"),
    ("add", "scratch", 128),
    ("call", "exit_group", "scratch"),
    ("label", "runner exited"),
    ("shift", "status", 8),
    ("and", "status", 0xFF),
    ("call", "exit_group", "status"),
    ("label", "opened"),
    ("call", "write", 2, "&opened text", len(_OPENED_TEXT)),
    ("call", "exit_group", EXIT_OPENED),
    ("label", "broken"),
    ("call", "exit_group", EXIT_BROKEN),

    # One that is ending by itself may say how.
    ("label", "over"),
    ("set", "seconds", 0),
    ("set", "nanoseconds", _LAST_NANOSECONDS),
    ("call", "ppoll", "&signals", 1, "&seconds", 0, 0),
    ("call", "wait4", "runner", "&status", _WNOHANG, 0),
    ("if", "result", "==", "runner", "runner ended"),
    ("call", "exit_group", 0),
)  # fmt: skip
