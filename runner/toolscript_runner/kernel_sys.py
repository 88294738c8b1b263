"""The names of `sys` that kernel and script both set, and that each of them must find as it left them.

Guarantee: a thread meets its own side's value, read or set, whenever that happens. In turns the values themselves are in
place. While the script computes on in the kernel's turn, `sys` looks who asks: nothing depends on how long a turn lasts.
Knows nothing of turns but their beginning and end.
"""

import _thread
import io
import sys
import types

_STREAMS = ("stdout", "stderr")
_HOOKS = ("excepthook", "displayhook")


class SharedNames:
    """Made in the kernel's thread, while the kernel's values are in place; one for a process."""

    def __init__(self, kernel_threads):
        self._kernel_threads = kernel_threads
        names = vars(sys)
        self.kernel = {name: names[name] for name in (*_STREAMS, *_HOOKS)}
        self.script = {**self.kernel, "displayhook": sys.__displayhook__}
        # Whether the kernel has its turn while threads of the script are at work.
        self._is_shared = False
        self._lock = _thread.allocate_lock()
        # One for a name, for ever: `print` borrows the stream it writes to, and must not see it freed by another thread;
        # and IPython exchanges `write` on the stream that it finds before an execution, and puts it back after it.
        self._streams = {name: _SharedStream(self, name) for name in _STREAMS}
        self._module_type = _make_module_type(self)

    def enter(self):
        """Puts the script's values in place."""
        names = vars(sys)
        with self._lock:
            for name, value in self.script.items():
                kernel = names[name]
                if kernel is not self._streams.get(name):
                    self.kernel[name] = kernel
                    if isinstance(kernel, io.TextIOWrapper):
                        kernel.flush()  # what it holds back is the kernel's
                names[name] = value
            self._is_shared = False
        sys.__class__ = types.ModuleType

    def leave(self, is_running):
        """Puts the kernel's values in place; while the script computes on (`is_running`), for the kernel's threads alone."""
        if is_running:
            sys.__class__ = self._module_type
        names = vars(sys)
        with self._lock:
            for name, value in self.kernel.items():
                self.script[name] = names[name]
                names[name] = self._streams.get(name, value) if is_running else value
            self._is_shared = is_running

    def kernel_stdout(self):
        """The stream on which the kernel takes an answer, after `leave`."""
        return self.kernel["stdout"] if self._is_shared else sys.stdout

    def writes_to_descriptors(self):
        """Whether what the kernel prints reaches descriptors 1 and 2."""
        return any(isinstance(self.kernel[name], io.TextIOWrapper) for name in _STREAMS)

    def become_child(self):
        """In a process that the script forked there is no kernel."""
        self._lock = _thread.allocate_lock()
        if self._is_shared:
            self._is_shared = False
            vars(sys).update(self.script)
            sys.__class__ = types.ModuleType

    def values(self):
        """The values of whoever asks, by name."""
        return self.kernel if _thread.get_ident() in self._kernel_threads else self.script

    def get(self, name):
        """What `sys` has under `name` for whoever asks."""
        if self._is_shared and _thread.get_ident() not in self._kernel_threads:
            return self.script[name]
        return vars(sys)[name]

    def set(self, name, value):
        """Sets it for the side of whoever asks."""
        with self._lock:
            if self._is_shared and _thread.get_ident() not in self._kernel_threads:
                self.script[name] = value
            else:
                vars(sys)[name] = value


def _make_module_type(shared):
    """The type of `sys` while it looks who asks. The interpreter itself looks past it."""

    def make_property(name):
        return property(lambda _: shared.get(name), lambda _, value: shared.set(name, value))

    return type("module", (types.ModuleType,), {name: make_property(name) for name in (*_STREAMS, *_HOOKS)})


class _SharedStream:
    """What the interpreter itself finds as `sys.stdout` or `sys.stderr` meanwhile: to each thread its own side's."""

    _OWN = frozenset(("_shared", "_name"))

    def __init__(self, shared, name):
        self._shared = shared
        self._name = name

    def __getattr__(self, name):
        return getattr(self._shared.values()[self._name], name)

    def __setattr__(self, name, value):
        if name in self._OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._shared.values()[self._name], name, value)

    def __delattr__(self, name):
        delattr(self._shared.values()[self._name], name)
