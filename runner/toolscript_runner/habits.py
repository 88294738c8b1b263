"""What scripts take for granted that Python does not know: other ways to name a tool, modules nobody imported, types that
the description shows.

Guarantee: what the script defines, and a module that exists, come first. Nothing here is needed to call a tool.
"""

import json
import sys
import types
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import PathFinder

from .errors import ToolError, near_names
from .trace import is_cell_frame

# Modules under which models look for the tools.
_TOOL_MODULES = ("tools", "functions")
# Modules that the description speaks of.
_SPOKEN_OF = ("asyncio", "json")
# Types that signatures are written with.
_TYPING = frozenset("Annotated Any Dict List Literal NotRequired Optional Required TypedDict Union".split())


class Names:
    """The names that a cell finds without having defined them, besides the tools'."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._tools = {}
        self._types = frozenset()
        self._modules = {name: _ToolModule(name, self) for name in _TOOL_MODULES}
        call_tool = _make_call_tool(self)
        self._always = {"call_tool": call_tool, **self._modules}
        for module in self._modules.values():
            module.__dict__["call_tool"] = call_tool

    def install(self):
        """Once for a process."""
        sys.meta_path.insert(0, _Finder(self._modules, _make_nest_asyncio()))
        _install_json()

    def declare(self, tools, type_names):
        """Takes over the tools, as pairs of own name and function, and the types that their signatures show."""
        self._tools = dict(tools)
        self._types = frozenset(type_names)

    def provide(self, code):
        """Binds what `code` uses of the names that it may take for granted."""
        namespace = self._namespace
        for name in _names_in(code):
            if name in namespace:
                continue
            if name in self._always:
                namespace[name] = self._always[name]
            elif name in _SPOKEN_OF:
                namespace[name] = __import__(name)
            elif name in self._types:
                # A `TypedDict` is a dict at run time.
                namespace[name] = dict
            elif name in _TYPING and hasattr(__import__("typing"), name):
                namespace[name] = getattr(sys.modules["typing"], name)

    def make_way(self, names):
        """A tool may have a name that means something else where there is no such tool."""
        for name, value in self._always.items():
            if name in names and self._namespace.get(name) is value:
                del self._namespace[name]

    def find(self, name):
        """The tool of this name, its own or Python's, or None."""
        found = self._tools.get(name)
        if found is None:
            found = next((function for function in self._tools.values() if function.__name__ == name), None)
        return found

    def functions(self):
        """What the tools are called in Python."""
        return [function.__name__ for function in self._tools.values()]

    def aliases(self):
        """Own names that Python cannot write, to those that it can."""
        return {name: function.__name__ for name, function in self._tools.items() if name != function.__name__}


def _names_in(code):
    """Every global name that a code object or one inside may read."""
    names = set()
    todo = [code]
    while todo:
        code = todo.pop()
        names.update(code.co_names)
        todo += (constant for constant in code.co_consts if isinstance(constant, types.CodeType))
    return names


class _ToolModule(types.ModuleType):
    """`import tools`, `from tools import x`, `tools.x(...)`."""

    def __init__(self, name, names):
        super().__init__(name, "The tools of this session.")
        self.__dict__["_names"] = names

    def __getattr__(self, name):
        if name == "__all__":
            return self._names.functions()
        found = None if name.startswith("__") else self._names.find(name)
        if found is None:
            message = "module %r has no attribute %r" % (self.__name__, name)
            raise AttributeError(message if name.startswith("__") else _no_tool(name, self._names))
        return found

    def __getitem__(self, name):
        found = self._names.find(name)
        if found is None:
            raise KeyError(_no_tool(name, self._names))
        return found

    def __dir__(self):
        return self._names.functions()


def _no_tool(name, names):
    functions = names.functions()
    near = near_names(str(name), functions)
    if near:
        return "no tool is named %r; did you mean %r?" % (name, near[0])
    return "no tool is named %r; there are %s" % (name, ", ".join(functions[:20]) or "none")


def _make_call_tool(names):
    async def call_tool(name, input=None, /, **arguments):
        """Calls a tool by its name."""
        found = names.find(name)
        if found is None:
            error = ToolError(_no_tool(name, names))
            error.tool = name
            raise error
        if input is None:
            return await found(**arguments)
        return await found(input, **arguments)

    call_tool.__module__ = "__main__"
    call_tool.__qualname__ = "call_tool"
    return call_tool


def _make_nest_asyncio():
    """`nest_asyncio.apply()` has nothing to do: loops can be nested here."""
    module = types.ModuleType("nest_asyncio", "Loops can be nested here without it.")
    module.apply = lambda loop=None: None
    return module


class _Finder:
    """Finds modules that have no file: those of the tools, unless there is a module of that name; the others always."""

    def __init__(self, tool_modules, *others):
        self._tool_modules = tool_modules
        # What may be installed under such a name would change loops that it does not know.
        self._modules = {**tool_modules, **{module.__name__: module for module in others}}

    def find_spec(self, name, path=None, target=None):
        if path is not None or name not in self._modules:
            return None
        if name in self._tool_modules and _has_file(name):
            return None
        return ModuleSpec(name, self)

    def create_module(self, spec):
        return self._modules[spec.name]

    def exec_module(self, module):
        pass


def _has_file(name):
    """Whether a module can be imported from a file; a folder alone is none."""
    found = PathFinder.find_spec(name)
    return found is not None and found.origin is not None


def _install_json():
    """What a tool returned is parsed already: `json.loads` gives it back to a script that parses it once more."""
    genuine = json.loads

    def loads(s, **options):
        is_parsed = s is None or isinstance(s, (dict, list, int, float))
        if is_parsed and is_cell_frame(sys._getframe(1)):
            return s
        return genuine(s, **options)

    loads.__doc__ = genuine.__doc__
    loads.__module__ = genuine.__module__
    loads.__qualname__ = "loads"
    loads.__wrapped__ = genuine
    json.loads = loads
