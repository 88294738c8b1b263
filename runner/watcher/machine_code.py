"""A tiny assembler for process 1's program: turns a list of steps into a Linux program of a few kilobytes, for x86-64 and arm64.

Guarantee: the program consists of the steps and nothing else; it needs no library and no interpreter. Knows nothing of
what the steps are for. Variables are cells of eight bytes, and a step is one of

    ("label", name)
    ("call", name, *values)                                        a system call; what it returns is in the cell "result"
    ("set" | "add" | "subtract" | "and" | "shift", cell, value)    "shift" goes to the right
    ("peek", cell, value) and ("poke", value, value)               eight bytes at an address: read them, write them
    ("if", cell, "==" | "!=" | "<", value, label)                  signed
    ("jump", label)

where a value is a number, "name" for what a cell holds, or "&name" for its address.
"""

from struct import pack

# System calls by machine. Those of arm64 are Linux's common ones.
_CALLS = {
    "x86_64": {
        "read": 0, "write": 1, "mmap": 9, "brk": 12, "ioctl": 16, "wait4": 61, "kill": 62, "prctl": 157, "exit_group": 231,
        "inotify_add_watch": 254, "ppoll": 271, "signalfd4": 289, "inotify_init1": 294,
    },
    "aarch64": {
        "read": 63, "write": 64, "mmap": 222, "brk": 214, "ioctl": 29, "wait4": 260, "kill": 129, "prctl": 167, "exit_group": 94,
        "inotify_add_watch": 27, "ppoll": 73, "signalfd4": 74, "inotify_init1": 26,
    },
}  # fmt: skip

_TEXT_ADDRESS = 0x400000
_DATA_ADDRESS = 0x600000
# The data begin on a page of their own, also where pages have 64 KiB.
DATA_OFFSET = 0x10000
_HEADER_BYTES = 64 + 3 * 56
_READ, _WRITE, _RUN = 4, 2, 1
_TWO_TO_64 = 1 << 64


def assemble(machine, steps, cells):
    """The program's file: its beginning, and what lies at `DATA_OFFSET`. `cells` maps names to numbers, or to bytes."""
    offsets, data = _lay_out(dict(cells, result=0))
    coder = _CODERS[machine](_CALLS[machine], offsets)
    for kind, *operands in steps:
        getattr(coder, "_" + kind)(*operands)
    text = coder.finish()
    return _header(coder.ELF_NUMBER, len(text), len(data)) + text, data


def _lay_out(cells):
    offsets, data = {}, b""
    for name, value in cells.items():
        offsets[name] = len(data)
        data += value + bytes(-len(value) % 8) if isinstance(value, bytes) else pack("<Q", value)
    return offsets, data


def _header(elf_number, text_bytes, data_bytes):
    """The ELF header, and three segments: code, data, and a stack that holds no code."""

    def segment(kind, flags, offset, address, size):
        return pack("<IIQQQQQQ", kind, flags, offset, address, address, size, size, DATA_OFFSET)

    entry = _TEXT_ADDRESS + _HEADER_BYTES
    return (
        b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
        + pack("<HHIQQQIHHHHHH", 2, elf_number, 1, entry, 64, 0, 0, 64, 56, 3, 64, 0, 0)
        + segment(1, _READ | _RUN, 0, _TEXT_ADDRESS, _HEADER_BYTES + text_bytes)
        + segment(1, _READ | _WRITE, DATA_OFFSET, _DATA_ADDRESS, data_bytes)
        + segment(0x6474E551, _READ | _WRITE, 0, 0, 0)
    )


class _Coder:
    """What both machines share. Registers 0 to 5 hold arguments; A and B are worked with."""

    A, B = 6, 7

    def __init__(self, calls, offsets):
        self._calls = calls
        self._offsets = offsets
        self._labels = {}
        self._jumps = []
        self.code = bytearray()
        self.begin()

    def finish(self):
        for at, label in self._jumps:
            self.patch(at, self._labels[label] - at)
        return bytes(self.code)

    def _label(self, name):
        self._labels[name] = len(self.code)

    def _call(self, name, *values):
        for register, value in enumerate(values):
            self._load(register, value)
        self.enter(self._calls[name])
        self.store(self._offsets["result"])

    def _set(self, cell, value):
        self._load(self.A, value)
        self.store(self._offsets[cell])

    def _peek(self, cell, address):
        self._load(self.A, address)
        self.code += self.OPERATIONS["peek"]
        self.store(self._offsets[cell])

    def _poke(self, address, value):
        self._load(self.A, address)
        self._load(self.B, value)
        self.code += self.OPERATIONS["poke"]

    def _compute(self, operation, cell, value):
        self._load(self.A, cell)
        self._load(self.B, value)
        self.code += self.OPERATIONS[operation]
        self.store(self._offsets[cell])

    def _add(self, cell, value):
        self._compute("add", cell, value)

    def _subtract(self, cell, value):
        self._compute("subtract", cell, value)

    def _and(self, cell, value):
        self._compute("and", cell, value)

    def _shift(self, cell, value):
        self._compute("shift", cell, value)

    def _if(self, cell, comparison, value, label):
        self._load(self.A, cell)
        self._load(self.B, value)
        self.code += self.OPERATIONS["compare"]
        self._jump(label, comparison)

    def _jump(self, label, comparison="always"):
        self.code += self.JUMPS[comparison]
        self._jumps.append((len(self.code) - self.JUMP_OPERAND, label))

    def _load(self, register, value):
        if isinstance(value, int):
            self.load_number(register, value % _TWO_TO_64)
        elif value[0] == "&":
            self.load_address(register, self._offsets[value[1:]])
        else:
            self.load_cell(register, self._offsets[value])


class _X86(_Coder):
    """rbx points to the data; A is rax, B is rcx."""

    ELF_NUMBER = 62
    # rdi, rsi, rdx, r10, r8, r9, rax, rcx
    REGISTERS = (7, 6, 2, 10, 8, 9, 0, 1)
    OPERATIONS = {
        "add": b"\x48\x01\xc8",  # add rax, rcx
        "subtract": b"\x48\x29\xc8",  # sub rax, rcx
        "and": b"\x48\x21\xc8",  # and rax, rcx
        "peek": b"\x48\x8b\x00",  # mov rax, [rax]
        "poke": b"\x48\x89\x08",  # mov [rax], rcx
        "shift": b"\x48\xd3\xe8",  # shr rax, cl
        "compare": b"\x48\x39\xc8",  # cmp rax, rcx
    }
    # je, jne, jl, jmp, each with a distance of four bytes
    JUMPS = {"==": b"\x0f\x84....", "!=": b"\x0f\x85....", "<": b"\x0f\x8c....", "always": b"\xe9...."}
    JUMP_OPERAND = 4

    def begin(self):
        self.code += b"\xbb" + pack("<I", _DATA_ADDRESS)  # mov ebx, number

    def load_number(self, register, number):
        high, low = divmod(self.REGISTERS[register], 8)
        if number < 1 << 32:
            # mov register, number: its lower half, which clears the other
            self.code += b"\x41" * high + bytes((0xB8 | low,)) + pack("<I", number)
        elif number >= _TWO_TO_64 - (1 << 31):
            # mov register, number: a small one below zero
            self.code += bytes((0x48 | high, 0xC7, 0xC0 | low)) + pack("<i", number - _TWO_TO_64)
        else:
            self.code += bytes((0x48 | high, 0xB8 | low)) + pack("<Q", number)  # mov register, number

    def load_cell(self, register, offset):
        self._with_place(0x8B, register, offset)  # mov register, [rbx + offset]

    def load_address(self, register, offset):
        self._with_place(0x8D, register, offset)  # lea register, [rbx + offset]

    def store(self, offset):
        self._with_place(0x89, self.A, offset)  # mov [rbx + offset], rax

    def _with_place(self, operation, register, offset):
        high, low = divmod(self.REGISTERS[register], 8)
        self.code += bytes((0x48 | high << 2, operation, 0x83 | low << 3)) + pack("<i", offset)

    def enter(self, number):
        self.code += b"\xb8" + pack("<I", number) + b"\x0f\x05"  # mov eax, number; syscall

    def patch(self, at, distance):
        self.code[at : at + 4] = pack("<i", distance - 4)  # counted from the next instruction


class _Arm(_Coder):
    """x19 points to the data; A is x9, B is x10."""

    ELF_NUMBER = 183
    REGISTERS = (0, 1, 2, 3, 4, 5, 9, 10)
    OPERATIONS = {
        "add": pack("<I", 0x8B0A0129),  # add x9, x9, x10
        "subtract": pack("<I", 0xCB0A0129),  # sub x9, x9, x10
        "and": pack("<I", 0x8A0A0129),  # and x9, x9, x10
        "peek": pack("<I", 0xF9400129),  # ldr x9, [x9]
        "poke": pack("<I", 0xF900012A),  # str x10, [x9]
        "shift": pack("<I", 0x9ACA2529),  # lsr x9, x9, x10
        "compare": pack("<I", 0xEB0A013F),  # cmp x9, x10
    }
    # b.eq, b.ne, b.lt, b
    JUMPS = {
        "==": pack("<I", 0x54000000),
        "!=": pack("<I", 0x54000001),
        "<": pack("<I", 0x5400000B),
        "always": pack("<I", 0x14000000),
    }
    JUMP_OPERAND = 4

    def begin(self):
        self._load_into(19, _DATA_ADDRESS)

    def load_number(self, register, number):
        self._load_into(self.REGISTERS[register], number)

    def _load_into(self, register, number):
        if number >= _TWO_TO_64 - (1 << 16):
            self._word(0x92800000 | (~number & 0xFFFF) << 5 | register)  # movn register, #(-1 - number)
            return
        self._word(0xD2800000 | (number & 0xFFFF) << 5 | register)  # movz register, #the lowest 16 bits
        for part in (1, 2, 3):
            bits = number >> 16 * part & 0xFFFF
            if bits != 0:
                self._word(0xF2800000 | part << 21 | bits << 5 | register)  # movk register, #bits, lsl #(16 * part)

    def load_cell(self, register, offset):
        self._word(0xF9400000 | offset // 8 << 10 | 19 << 5 | self.REGISTERS[register])  # ldr register, [x19, #offset]

    def load_address(self, register, offset):
        self._word(0x91000000 | offset << 10 | 19 << 5 | self.REGISTERS[register])  # add register, x19, #offset

    def store(self, offset):
        self._word(0xF9000000 | offset // 8 << 10 | 19 << 5 | 9)  # str x9, [x19, #offset]

    def enter(self, number):
        self._load_into(8, number)
        self._word(0xD4000001)  # svc #0
        self._word(0xAA0003E9)  # mov x9, x0

    def patch(self, at, distance):
        word = int.from_bytes(self.code[at : at + 4], "little")
        words = distance // 4
        word |= words & 0x3FFFFFF if word == 0x14000000 else (words & 0x7FFFF) << 5
        self.code[at : at + 4] = pack("<I", word)

    def _word(self, word):
        self.code += pack("<I", word)


_CODERS = {"x86_64": _X86, "aarch64": _Arm}
MACHINES = tuple(_CODERS)
