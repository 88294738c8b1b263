"""A second system call filter, on top of the container's own: it allows what Python needs, and nothing else.

Guarantee: once `tighten` has returned True, this process and all of its children can make the calls of
`system_calls.py` alone, with sockets of three families, no new namespaces, and nothing that slows process 1 down. The
others are not permitted; those that are younger, or do not exist yet, are as unknown as to an old kernel, after which
programs fall back. Filters add up: nothing that the container forbids becomes allowed.
"""

import os
from struct import pack

from .system_calls import read_calls

# Values of AUDIT_ARCH.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# C's libraries do without it when it is unknown.
_EXECVEAT = {"x86_64": 322, "aarch64": 281}
_SOCKET_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. `clone3`, whose flags no filter sees, is not allowed.
_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_PRIO_PROCESS = 0
# From here on, Linux 5.1, calls have the same numbers everywhere, and programs know that they may be missing.
_FIRST_YOUNG = 424

# Codes of the classic BPF machine: load a word of the call's description, compare and jump, return.
_LOAD = 0x20
_EQUAL = 0x15
_AT_LEAST = 0x35
_HAS_BIT = 0x45
_RETURN = 0x06
_FARTHEST_JUMP = 255

# Offsets in `struct seccomp_data`. Of an argument the lower half counts: those that are looked at are C's `int`, or flags.
_NUMBER = 0
_ARCH = 4
_ARGUMENTS = (16, 24)

_ALLOW = 0x7FFF0000
_EPERM = 0x00050001
_ENOSYS = 0x00050026
_EAFNOSUPPORT = 0x00050061

_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_FILTER_MODE = 2


def tighten(process_one):
    """Installs the filter for this process; before any thread is started. False where it cannot be installed.

    `process_one` is the process id whose priority, processors and limits a script must not change.
    """
    machine = os.uname().machine
    if machine not in _ARCHITECTURES:
        return False
    try:
        import ctypes
    except ImportError:  # a Python without it gets the container's own filter
        return False

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    code = _assemble(_ARCHITECTURES[machine], _make_rules(machine, process_one))
    program = Program(len(code) // 8, code)
    prctl = ctypes.CDLL(None).prctl
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0) == 0


# A rule is what is done with a call: instructions (code, jump if true, jump if false, operand) that end in a return. Jumps
# count from the next instruction.


def _make_rules(machine, process_one):
    spare = _unless(0, process_one)
    special = {
        "socket": _one_of(_SOCKET_FAMILIES),
        "socketpair": _one_of(_SOCKET_FAMILIES),
        "clone": ((_LOAD, 0, 0, _ARGUMENTS[0]), (_HAS_BIT, 0, 1, _NAMESPACES), _give(_EPERM), _give(_ALLOW)),
        # Of a group, or of a user, it would be process 1's, too.
        "setpriority": (
            (_LOAD, 0, 0, _ARGUMENTS[0]),
            (_EQUAL, 1, 0, _PRIO_PROCESS),
            _give(_EPERM),
            *_unless(1, process_one),
        ),
        "sched_setaffinity": spare,
        "sched_setparam": spare,
        "sched_setscheduler": spare,
        "prlimit64": spare,
    }
    rules = {number: (_give(_EPERM),) for number in range(_FIRST_YOUNG)}
    rules[_EXECVEAT[machine]] = (_give(_ENOSYS),)
    rules.update({number: special.get(name, (_give(_ALLOW),)) for name, number in read_calls(machine).items()})
    return rules


def _give(action):
    return (_RETURN, 0, 0, action)


def _unless(argument, value):
    return ((_LOAD, 0, 0, _ARGUMENTS[argument]), (_EQUAL, 0, 1, value), _give(_EPERM), _give(_ALLOW))


def _one_of(values):
    tests = [(_EQUAL, len(values) - index, 0, value) for index, value in enumerate(values)]
    return ((_LOAD, 0, 0, _ARGUMENTS[0]), *tests, _give(_EAFNOSUPPORT), _give(_ALLOW))


def _assemble(arch, rules):
    head = ((_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, arch), _give(_EPERM), (_LOAD, 0, 0, _NUMBER))
    lines = (*head, *_choose(_to_ranges(rules)))
    return b"".join(pack("HBBI", *line) for line in lines)


def _to_ranges(rules):
    """All numbers there are, as [(first, rule)]: each range goes up to the next."""
    unknown = (_give(_ENOSYS),)
    ranges = []
    for number in range(max(rules) + 2):
        rule = rules.get(number, unknown)
        if not ranges or ranges[-1][1] != rule:
            ranges.append((number, rule))
    return ranges


def _choose(ranges):
    """A tree, so that no call is compared with more than a few numbers."""
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    below, above = _choose(ranges[:middle]), _choose(ranges[middle:])
    if len(below) > _FARTHEST_JUMP:
        raise ValueError("the filter has become too long for one jump")
    return ((_AT_LEAST, len(below), 0, ranges[middle][0]), *below, *above)
