"""The two call forms of a tool: keywords (or positions) and one dict.

One positional dict alone is the whole input when it is empty, when one of its keys is a declared parameter, or when
the tool declares none; otherwise it is the value of the first parameter. The name of a keyword may be the one that Python
can write: `from_` for `from`, `cik_A` for `cik-A`.
"""

import re

from .errors import ToolError


def to_input(name, parameters, args, kwargs):
    """The input object of a call with positional arguments. Raises `ToolError` for a wrong arity."""
    if len(args) == 1 and not kwargs and isinstance(args[0], dict) and _is_whole_input(args[0], parameters):
        return args[0]
    if len(args) > len(parameters):
        raise _arity_error(name, _too_many(parameters, len(args)))
    for parameter, value in zip(parameters, args):
        if parameter in kwargs:
            raise _arity_error(name, "got two values for %r, one by position and one by keyword" % parameter)
        kwargs[parameter] = value
    return kwargs


def mend(parameters, kwargs):
    """The input that keywords stand for of which some are no parameter; only where they can stand for one thing."""
    if len(kwargs) == 1:
        (name, value), = kwargs.items()
        if name == "input" and isinstance(value, dict) and _is_whole_input(value, parameters):
            return value
    meanings = None
    mended = {}
    for name, value in kwargs.items():
        if name not in parameters:
            meanings = _meanings(parameters) if meanings is None else meanings
            meant = meanings.get(name)
            if meant is not None and meant not in kwargs and meant not in mended:
                name = meant
        mended[name] = value
    return mended


def _meanings(parameters):
    """How Python can write a parameter, to the parameter; without what could be two of them."""
    meanings = {}
    for parameter in parameters:
        identifier = re.sub(r"\W", "_", parameter)
        for written in {identifier, identifier + "_", "_" + identifier}:
            meanings[written] = None if written in meanings else parameter
    return meanings


def show_call(python, value):
    """A call as a script would write it, of a readable length."""
    if all(type(key) is str and key.isidentifier() for key in value):
        parts = ("%s=%s" % (key, _show(item)) for key, item in value.items())
    else:
        parts = (_show(value),)
    text = ", ".join(parts)
    if len(text) > MAX_SHOWN:
        text = text[: MAX_SHOWN - 1] + "\u2026"
    return "%s(%s)" % (python, text)


# Characters of one argument, and of all.
MAX_SHOWN_VALUE = 60
MAX_SHOWN = 200


def _show(value):
    if isinstance(value, (list, dict, tuple)) and len(value) > MAX_SHOWN_VALUE:
        return "<%s of %d>" % (type(value).__name__, len(value))
    text = repr(value[:MAX_SHOWN_VALUE] if type(value) is str else value)
    return text if len(text) <= MAX_SHOWN_VALUE else text[: MAX_SHOWN_VALUE - 1] + "\u2026"


def _is_whole_input(value, parameters):
    return not value or not parameters or any(parameter in value for parameter in parameters)


def _too_many(parameters, count):
    if not parameters:
        return "takes no positional arguments, got %d; pass one dict or keywords" % count
    plural = "" if len(parameters) == 1 else "s"
    return "takes %d positional argument%s (%s), got %d" % (len(parameters), plural, ", ".join(parameters), count)


def _arity_error(name, reason):
    error = ToolError("Cannot call %r: %s" % (name, reason))
    error.tool = name
    return error
