"""The text of a cell: what of it is the script, how it is compiled, and the lines that tracebacks show.

Guarantee: a line of the script keeps its number, whatever stands around it.
"""

import linecache
import re

# `ast.PyCF_ALLOW_TOP_LEVEL_AWAIT`; its module is slow to import.
_ALLOW_TOP_LEVEL_AWAIT = 0x2000

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[ \t]*([\w+-]*)[ \t]*$", re.MULTILINE)
_LANGUAGES = ("", "py", "python", "python3")


def cell_file(cell):
    """The file name under which the code of a cell appears."""
    return "<cell %d>" % cell


def without_mark(source):
    """A file's text without the mark of its byte order."""
    return source.removeprefix("\ufeff")


def compile_cell(file, source):
    """The code object of a cell. Raises `SyntaxError`; a text around one fenced block of Python is no part of the script."""
    try:
        return _compile(file, source)
    except SyntaxError as error:
        script = _fenced(source)
        if script is None:
            _show_line(error, source)
            raise
        remember_source(file, script)
        # As if the text around it had never been there.
        error.__traceback__ = None
    try:
        return _compile(file, script)
    except SyntaxError as error:
        error.__context__ = None
        _show_line(error, script)
        raise


def _compile(file, source):
    return compile(source, file, "exec", _ALLOW_TOP_LEVEL_AWAIT, True)


def _fenced(source):
    """The one block of Python that is fenced in a text, on its own lines; None when there is none, or several."""
    marks = list(_FENCE.finditer(source))
    if len(marks) != 2 or marks[0][2].lower() not in _LANGUAGES or marks[1][2] or marks[1][1][0] != marks[0][1][0]:
        return None
    start, end = marks[0].end(), marks[1].start()
    return "\n" * source.count("\n", 0, start) + source[start:end]


def lines_of(source):
    """The lines as Python counts them. `str.splitlines` ends one at form feeds, U+2028 and others, too."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", source)
    if lines[-1] == "":
        lines.pop()
    elif not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"  # as `linecache` has it; carets are misplaced otherwise
    return lines


def remember_source(file, source):
    """Lets tracebacks, warnings and `inspect` find the lines of a cell."""
    linecache.cache[file] = (len(source), None, lines_of(source), file)


def _show_line(error, source):
    """Some errors of the compiler, such as a `return` outside of a function, come without their line."""
    if error.text is None and type(error.lineno) is int:
        lines = lines_of(source)
        if 0 < error.lineno <= len(lines):
            error.text = lines[error.lineno - 1]
