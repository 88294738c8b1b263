"""The two call forms of a tool: keywords (or positions) and one dict.

One positional dict alone is the whole input when it is empty, when one of its keys is a declared parameter, or when
the tool declares none; otherwise it is the value of the first parameter.
"""

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
