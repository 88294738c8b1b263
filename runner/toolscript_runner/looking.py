"""Looks at the place where a script failed: its line, what it calls there, and the values that its expressions name.

Guarantee: evaluates names, subscripts with constants and loop variables of plain dicts, lists and tuples, and nothing that could
run code of the script.
"""

import ast
import inspect
import linecache
import types

from .trace import is_cell_frame

# Values that are looked at in search of one without some key.
_MAX_ITEMS = 10_000
_MAX_KEYS = 200

_NOTHING = object()


def keys_of(value):
    """The keys of a plain dict, at most so many; None of anything else."""
    if type(value) is not dict:
        return None
    return [key for key, _ in zip(value, range(_MAX_KEYS))]


class Place:
    """Where an exception left the script's own code."""

    def __init__(self, error, names, calls):
        self._names = names
        self._calls = calls
        self._found_nodes = None
        self._frame = None
        self._line_number = 0
        trace = error.__traceback__
        while trace is not None:
            if is_cell_frame(trace.tb_frame):
                self._frame, self._line_number = trace.tb_frame, trace.tb_lineno
            trace = trace.tb_next

    def line(self):
        """The source line, or an empty text."""
        if self._frame is None:
            return ""
        return linecache.getline(self._frame.f_code.co_filename, self._line_number)

    def is_last_result(self, value):
        """Whether a text is what a tool has returned last, in this cell."""
        return type(value) is str and value == self._calls.last_result

    def unawaited_calls(self):
        """Names of async functions that are called on the line without `await`, or whose coroutines its variables hold."""
        found = []
        awaited = set()
        nodes = self._nodes()
        for node in nodes:
            if isinstance(node, ast.Await):
                awaited.add(id(node.value))
            elif isinstance(node, ast.Call) and id(node) not in awaited:
                function = self._value(node.func, nodes)
                if inspect.iscoroutinefunction(function):
                    found.append(ast.unparse(node.func))
        if not found:
            held = [self._value(node, nodes) for node in nodes if isinstance(node, ast.Name)]
            held += [item for value in held if type(value) in (list, tuple) for item in value[:1]]
            found = [value.__qualname__ for value in held if type(value) is types.CoroutineType]
        return list(dict.fromkeys(found))

    def value_subscripted_with(self, key):
        """The dict that has no `key`, on the line that wants it."""
        for value, index in self._subscripts():
            if index == key and type(index) is type(key) and type(value) is dict and key not in value:
                return value
        return None

    def value_indexed_by_text(self, *kinds):
        """The value of one of `kinds` that the line indexes by a text."""
        for value, index in self._subscripts():
            if type(index) is str and type(value) in kinds:
                return value
        return None

    def value_with_attribute(self, name):
        """The value of which the line wants the attribute `name`."""
        nodes = self._nodes()
        for node in nodes:
            if isinstance(node, ast.Attribute) and node.attr == name:
                for value in self._values(node.value, nodes):
                    if type(value) in (dict, list, tuple, str):
                        return value
        return None

    def _subscripts(self):
        nodes = self._nodes()
        for node in nodes:
            if isinstance(node, ast.Subscript):
                index = self._index(node, nodes)
                if index is not _NOTHING:
                    for value in self._values(node.value, nodes):
                        yield value, index

    def _nodes(self):
        """The nodes of the statements that the line belongs to, outer ones first."""
        if self._found_nodes is None:
            self._found_nodes = self._find_nodes()
        return self._found_nodes

    def _find_nodes(self):
        if self._frame is None:
            return []
        source = "".join(linecache.getlines(self._frame.f_code.co_filename))
        try:
            tree = compile(source, "<hint>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []
        at = self._line_number
        found = []
        todo = [tree]
        while todo:
            node = todo.pop(0)
            if not hasattr(node, "lineno") or node.lineno <= at <= node.end_lineno:
                found.append(node)
                todo += ast.iter_child_nodes(node)
            elif isinstance(node, (ast.comprehension, ast.keyword, ast.withitem, ast.ExceptHandler)):
                todo += ast.iter_child_nodes(node)
        return found

    def _values(self, node, nodes):
        """What an expression may have stood for: one value, or each item of what is looped over."""
        value = self._value(node, nodes)
        if value is not _NOTHING:
            yield value
            return
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            yield self._last_result_of(self._value(node.value.func, nodes))
        if isinstance(node, ast.Subscript):
            for value in self._values(node.value, nodes):
                yield _item(value, self._index(node, nodes))
        source = self._looped_over(node, nodes)
        if source is not None:
            for value in self._values(source, nodes):
                if type(value) in (list, tuple):
                    yield from value[:_MAX_ITEMS]
                elif type(value) is dict:
                    yield from (key for key, _ in zip(value, range(_MAX_KEYS)))

    def _last_result_of(self, function):
        last = self._names.find(self._calls.last_tool)
        return self._calls.last_result if last is not None and last is function else _NOTHING

    @staticmethod
    def _looped_over(node, nodes):
        """What the comprehension loops over whose variable an expression is: it has no variable of the frame."""
        if isinstance(node, ast.Name):
            for one in nodes:
                for part in getattr(one, "generators", ()):
                    if isinstance(part.target, ast.Name) and part.target.id == node.id:
                        return part.iter
        return None

    def _value(self, node, nodes):
        if isinstance(node, ast.Name):
            for names in (self._frame.f_locals, self._frame.f_globals):
                if node.id in names and (self._looped_over(node, nodes) is None or names is self._frame.f_locals):
                    return names[node.id]
            return _NOTHING
        if isinstance(node, ast.Subscript):
            value = self._value(node.value, nodes)
            return _NOTHING if type(value) is str else _item(value, self._index(node, nodes))
        return _NOTHING

    def _index(self, node, nodes):
        index = node.slice
        if isinstance(index, ast.Constant):
            return index.value
        if isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub) and isinstance(index.operand, ast.Constant):
            return -index.operand.value if type(index.operand.value) is int else _NOTHING
        return self._value(index, nodes)


def _item(value, index):
    """What stands in plain data under an index; of a text the whole."""
    if type(value) is str:
        return value
    if type(value) in (dict, list, tuple) and type(index) in (str, int):
        try:
            return value[index]
        except (LookupError, TypeError):
            pass
    return _NOTHING
