"""A second system call filter, on top of the container's own: what old default profiles still let through.

Guarantee: once `tighten` has returned True, neither this process nor any child of it can open a socket to the hypervisor
(AF_VSOCK), queue operations past the filter (io_uring) or use the system calls of another architecture. Filters add up:
nothing that the container forbids becomes allowed.
"""

import os
from struct import pack

# For each machine: its AUDIT_ARCH value and the number of `socket`. io_uring has the same numbers everywhere.
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_IO_URING_FIRST = 425
_IO_URING_LAST = 427
_AF_VSOCK = 40
_X32_BIT = 0x40000000

# Codes of the classic BPF machine: load a word of the call's description, compare and jump, return.
_LOAD = 0x20
_EQUAL = 0x15
_GREATER = 0x25
_AT_LEAST = 0x35
_RETURN = 0x06

# Offsets in `struct seccomp_data`.
_NUMBER = 0
_ARCH = 4
_FIRST_ARGUMENT = 16

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050001  # EPERM

_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_FILTER_MODE = 2


def tighten(process_one=0):
    """Installs the filter for this process; before any thread is started. False where it cannot be installed."""
    machine = _MACHINES.get(os.uname().machine)
    if machine is None:
        return False
    try:
        import ctypes
    except ImportError:  # a Python without it gets the container's own filter
        return False

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    code = _assemble(*machine)
    program = Program(len(code) // 8, code)
    prctl = ctypes.CDLL(None).prctl
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0) == 0


def _assemble(arch, socket):
    # (code, jump if true, jump if false, operand); jumps count from the next line. Line 10 allows, line 11 refuses.
    lines = (
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 6, 0, _X32_BIT),
        (_EQUAL, 0, 2, socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 3, 2, _AF_VSOCK),
        (_AT_LEAST, 0, 1, _IO_URING_FIRST),
        (_GREATER, 0, 1, _IO_URING_LAST),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    )
    return b"".join(pack("HBBI", *line) for line in lines)
