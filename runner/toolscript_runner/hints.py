"""What to change in a script whose error alone does not say it: one sentence, in words that hold for the script's own code.

Guarantee: of the script's code only the text of its own error is asked for, as the traceback does; values are looked at where they
are plain dicts, lists and texts, and never changed.
Imported when a cell has failed.
"""

import re
import sys

from .errors import near_names
from .looking import Place, keys_of

# Functions that are listed where a script calls one that does not exist.
_MAX_LISTED = 20


def find_hint(error, names, calls):
    """A sentence about an exception that a cell did not catch, or None. `names` is the cell's `Names`, `calls` its `Calls`."""
    for _ in range(8):
        members = getattr(error, "exceptions", None)
        if not (isinstance(members, tuple) and members and isinstance(members[0], BaseException)):
            break
        error = members[0]
    text, place = str(error), Place(error, names, calls)
    for kind, finders in _FINDERS:
        if isinstance(error, kind):
            for finder in finders:
                if finder in _ABOUT_RESULTS and calls.last_tool is None:
                    continue
                hint = finder(error, text, place, names)
                if hint:
                    return hint
    return None


# Coroutines


def _unawaited(error, text, place, names):
    if not re.search(r"\bcoroutine\b", text) or "await" in text:
        return None
    calls = place.unawaited_calls()
    if not calls:
        return "a call of an async function gives a coroutine until it is awaited: write `await` before the call"
    written = " and ".join("`await %s(...)`" % name for name in calls[:3])
    if len(error.args) == 1 and type(error.args[0]) is str:
        error.args = ("%s; write %s" % (text, written),)  # where readers of errors look first
    return "%s was not awaited: write %s" % (" and ".join("%s(...)" % name for name in calls[:3]), written)


def _awaited_twice(error, text, place, names):
    if re.search(r"can't be (used in 'await' expression|awaited)", text):
        return "what is awaited there is a value already: leave out the `await`"
    is_gathered = "unhashable type" in text and re.search(r"\b(gather|wait|as_completed)\(", place.line())
    if is_gathered or "coroutine or an awaitable is required" in text or "a coroutine was expected" in text:
        return "what is passed there is a value already: pass the call without `await`, as in asyncio.gather(f(1), f(2))"
    return None


# Values


def _missing_key(error, text, place, names):
    key = error.args[0] if len(error.args) == 1 else None
    if type(key) not in (str, int):
        return None
    value = place.value_subscripted_with(key)
    keys = keys_of(value)
    if keys is None:
        return None
    return _no_key(key, keys)


def _no_key(key, keys):
    near = near_names(str(key), [str(other) for other in keys]) if type(key) is str else []
    meant = " Did you mean %r?" % near[0] if near else ""
    return "there is no key %r; the keys are %s.%s" % (key, _listed(keys), meant)


def _listed(keys):
    shown = ", ".join(repr(key)[:60] for key in keys[:_MAX_LISTED])
    return shown + (" and %d more" % (len(keys) - _MAX_LISTED) if len(keys) > _MAX_LISTED else "") or "none: it is empty"


def _attribute_of_data(error, text, place, names):
    found = re.match(r"'(dict|list|str|tuple)' object has no attribute '(\w+)'", text)
    if found is None:
        return None
    kind, name = found.groups()
    value = place.value_with_attribute(name)
    if kind == "dict":
        keys = keys_of(value)
        if keys is not None and name not in keys:
            return "it is a dict. " + _capital(_no_key(name, keys))
        return 'it is a dict: write ["%s"] in place of .%s' % (name, name)
    if kind == "str":
        return _text(value)
    return _list(value)


def _index_of_data(error, text, place, names):
    if re.match(r"(list|tuple) indices must be integers", text):
        return _list(place.value_indexed_by_text(list, tuple))
    if text.startswith("string indices must be integers"):
        return _text(place.value_indexed_by_text(str))
    return None


def _list(value):
    keys = keys_of(value[0]) if type(value) in (list, tuple) and value else None
    if keys is None:
        return "it is a list: loop over it, or take one item by its number"
    return "it is a list of %d dicts: loop over it, or take one by its number; the keys of the first are %s" % (
        len(value),
        _listed(keys),
    )


def _text(value):
    if type(value) is str and value.lstrip()[:1] in ("{", "["):
        return "it is text that holds JSON: parse it with json.loads(...) first"
    return "it is text. Looping over a dict gives its keys, which are texts: use .items() or .values() for what they hold"


def _capital(text):
    return text[:1].upper() + text[1:]


def _not_json(error, text, place, names):
    document = getattr(error, "doc", None)
    if type(document) is not str or not place.is_last_result(document):
        return None
    if not document.strip():
        return "the text that was to be parsed is empty"
    return "the text that was to be parsed is no JSON; it begins with %r" % document[:60]


# Names and modules


def _name(error, text, place, names):
    found = re.search(r"name '(\w+)' is not defined", text)
    if found is None:
        return None
    name, line = found[1], place.line()
    own = next((own for own in names.aliases() if own in line), None)
    if own is not None:
        return "the function of the tool %r is called %s here" % (own, names.aliases()[own])
    if name in getattr(sys, "stdlib_module_names", ()):
        return "it is a module: write `import %s` first" % name
    functions = names.functions()
    if functions and re.search(r"\b%s\s*\(" % name, line):
        near = near_names(name, functions)
        rest = " and %d more" % (len(functions) - _MAX_LISTED) if len(functions) > _MAX_LISTED else ""
        there = "did you mean %s?" % near[0] if near else "the functions are %s" % ", ".join(functions[:_MAX_LISTED])
        return "there is no function %s; %s%s" % (name, there, "" if near else rest)
    return None


def _module(error, text, place, names):
    name = (error.name or "").partition(".")[0]
    if name in getattr(sys, "stdlib_module_names", ()):
        return "this part of the standard library is not in this Python"
    packages = _installed()
    have = "the standard library" + (" and " + ", ".join(packages[:_MAX_LISTED]) if packages else "")
    return "%r is not here and cannot be installed; use %s" % (name, have)


def _installed():
    """Names of what is installed beside the standard library."""
    try:
        from importlib.metadata import distributions

        found = {distribution.metadata["Name"] for distribution in distributions()}
    except Exception:  # a broken installation is not the script's fault
        return []
    return sorted(name for name in found if name and name.lower() not in _TOOLS_OF_PYTHON)


_TOOLS_OF_PYTHON = ("pip", "setuptools", "wheel", "distribute")


# Syntax


def _syntax(error, text, place, names):
    line = (error.text or "").strip()
    if re.match(r"[!%]|(?:pip3?|python3? -m pip) install\b", line):
        return "a script is Python alone, and packages cannot be installed: use the standard library, or subprocess where there is one"
    if line.startswith(("```", "~~~")):
        return "send the Python code alone, without Markdown around it"
    if "'return' outside function" in text:
        return "a script is no function and returns nothing: print what you need to see"
    if "outside async function" in text or "outside function" in text and "await" in text:
        return "`await` works at the top level and in functions that begin with `async def`: write `async def`, and `await` where it is called"
    if text.startswith("f-string:") and sys.version_info < (3, 12):
        return "this is Python %d.%d: inside an f-string use the other kind of quotes" % sys.version_info[:2]
    return None


# What there is not


def _system(error, text, place, names):
    if isinstance(error, RuntimeError) and "can't start new thread" in text:
        return "there are no threads here: gather async calls instead, or compute one after the other"
    if isinstance(error, EOFError):
        return "nobody can type an answer: the script has no input"
    if isinstance(error, FileNotFoundError):
        name = error.filename
        if type(name) is str and name.rpartition("/")[2] in ("pip", "pip3"):
            return "packages cannot be installed here"
        return "files of the host are not here, only what scripts of this session wrote"
    kind = type(error)
    if kind.__name__ == "URLError" or (kind.__module__ == "socket" and kind.__name__ == "gaierror"):
        return "there is no network here: call the functions instead"
    return None


# What is said of values, where they may be results of tools.
_ABOUT_RESULTS = (_missing_key, _attribute_of_data, _index_of_data, _not_json)

_FINDERS = (
    (SyntaxError, (_syntax,)),
    (ModuleNotFoundError, (_module,)),
    (KeyError, (_missing_key,)),
    (NameError, (_name,)),
    (AttributeError, (_unawaited, _attribute_of_data)),
    (TypeError, (_unawaited, _awaited_twice, _index_of_data)),
    (ValueError, (_unawaited, _awaited_twice, _not_json)),
    ((OSError, EOFError, RuntimeError), (_system,)),
    (Exception, (_unawaited,)),
)
