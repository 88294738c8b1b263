"""Assembles process 1's program into `toolscript_runner/process_one.py`: `python3 runner/watcher/build.py`.

It is done beforehand, and not at each start of a container, because it takes longer than all else that a start has gained.
A test compares what stands there with what is assembled.
"""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(FOLDER, "..", "toolscript_runner", "process_one.py")
BEGIN = "# Assembled by runner/watcher/build.py, not written by hand: for each machine the code, and the data.\n"
_LINE_CHARACTERS = 112

sys.path.insert(0, FOLDER)

from machine_code import MACHINES, assemble  # noqa: E402
from program import CELLS, STEPS  # noqa: E402


def render():
    """The end of the target, from `BEGIN` on."""
    entries = "".join(
        "    %r: (\n%s    ),\n" % (machine, "".join(map(_to_literal, assemble(machine, STEPS, CELLS))))
        for machine in MACHINES
    )
    return BEGIN + "_PROGRAMS = {\n" + entries.replace("'", '"') + "}\n"


def _to_literal(data):
    text = data.hex()
    lines = [text[at : at + _LINE_CHARACTERS] for at in range(0, len(text), _LINE_CHARACTERS)]
    return "".join('        "%s"\n' % line for line in lines)[:-1] + ",\n"


def main():
    with open(TARGET) as file:
        written = file.read().split(BEGIN)[0]
    with open(TARGET, "w") as file:
        file.write(written + render())


if __name__ == "__main__":
    main()
