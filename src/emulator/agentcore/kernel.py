"""A Python kernel that behaves like IPython's, for the AgentCore emulator; standard library only.

Variables persist, code runs while the main thread's event loop is running, `await` works at the top level, the value of
a last expression is shown, tracebacks look like IPython's. Requests (a JSON object a line, `{"code", "clearContext"}`)
arrive on descriptor 3, answers leave on descriptor 4; standard input ends when the emulator is gone, and so does this.
"""

import ast
import asyncio
import builtins
import io
import json
import linecache
import os
import sys
import tempfile
import threading
import time
import traceback
import types

REQUESTS, ANSWERS = 3, 4
TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
IS_COROUTINE = 0x80
CONTEXT_LINES = 2


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr`: text goes to the client, never to a descriptor."""

    encoding = "utf-8"

    def __init__(self, descriptor):
        self._parts = []
        self._descriptor = descriptor
        # What reaches the descriptor itself, from programs or C code, is shown, too.
        self._file = tempfile.TemporaryFile()
        self._position = 0
        os.dup2(self._file.fileno(), descriptor)

    def writable(self):
        return True

    def write(self, text):
        self._parts.append(text)
        return len(text)

    def fileno(self):
        return self._descriptor

    def take(self):
        """Everything since the last time."""
        size = os.fstat(self._file.fileno()).st_size
        if size > self._position:
            data = os.pread(self._file.fileno(), size - self._position, self._position)
            self._position = size
            self._parts.append(data.decode("utf-8", "replace"))
        parts, self._parts = self._parts, []
        return "".join(parts)


class Kernel:
    """The namespace and how code runs in it."""

    def __init__(self):
        self.count = 0
        self._shown = []
        self.stdout, self.stderr = Stream(1), Stream(2)
        sys.stdout, sys.stderr = self.stdout, self.stderr
        sys.displayhook = self._show
        self.clear()

    def clear(self):
        module = types.ModuleType("__main__")
        module.__dict__["__builtins__"] = builtins
        sys.modules["__main__"] = module
        self._namespace = module.__dict__

    async def execute(self, code):
        """Runs code and returns the answer for the client."""
        self.count += 1
        started = time.monotonic()
        failure = None
        try:
            await self._run(code, "Cell In[%d]" % self.count)
        except BaseException as error:
            failure = describe(error)
        stdout, stderr = self.stdout.take(), self.stderr.take()
        shown, self._shown = "".join(self._shown), []
        return {
            "stdout": stdout + shown,
            "stderr": stderr + (failure or ""),
            "exitCode": 0 if failure is None else 1,
            "executionTime": time.monotonic() - started,
        }

    async def _run(self, code, file):
        linecache.cache[file] = (len(code), None, code.splitlines(True), file)
        body = ast.parse(code, file)
        last = body.body.pop() if body.body and isinstance(body.body[-1], ast.Expr) else None
        parts = [(body, "exec")]
        if last is not None:
            parts.append((ast.Interactive([last]), "single"))
        for part, mode in parts:
            compiled = compile(part, file, mode, TOP_LEVEL_AWAIT)
            result = eval(compiled, self._namespace)
            if compiled.co_flags & IS_COROUTINE:
                await result

    def _show(self, value):
        if value is not None:
            self._namespace["_"] = value
            self._shown.append(repr(value) + "\n")


def describe(error):
    """A traceback as IPython prints it."""
    name = type(error).__name__
    if isinstance(error, SystemExit):
        return "An exception has occurred, use %%tb to see the full traceback.\n\n%s: %s\n" % (name, error)
    if isinstance(error, SyntaxError) and error.__traceback__ is not None:
        lines = traceback.format_exception_only(type(error), error)
        return "".join(lines).replace('File "Cell In', "Cell In").replace(']", line', "], line")
    title = "%s%s" % (name.ljust(42), "Traceback (most recent call last)")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    return "\n".join(["-" * 75, title, *(describe_frame(frame) for frame in own), "%s: %s" % (name, error), ""])


def describe_frame(frame):
    where = frame.filename if frame.filename.startswith("Cell In[") else "File %s:%d" % (frame.filename, frame.lineno)
    if frame.filename.startswith("Cell In["):
        where = "%s, line %d" % (where, frame.lineno)
    if frame.name != "<module>":
        where += ", in %s" % frame.name
    lines = [where]
    for number in range(max(1, frame.lineno - CONTEXT_LINES), frame.lineno + CONTEXT_LINES + 1):
        text = linecache.getline(frame.filename, number).rstrip("\n")
        if text or number == frame.lineno:
            mark = "----> %d" % number if number == frame.lineno else "%7d" % number
            lines.append("%s %s" % (mark, text))
    return "\n".join(lines) + "\n"


def end_with_host(descriptor):
    while os.read(descriptor, 1):
        pass
    os._exit(0)


def take_stdin():
    """Moves the end of the emulator away from where scripts look for input."""
    moved = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return moved


def limit_memory():
    megabytes = os.environ.pop("TOOLSCRIPT_KERNEL_MEMORY_MB", "")
    if megabytes:
        import resource

        size = int(megabytes) * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def write_all(data):
    view = memoryview(data)
    while view:
        view = view[os.write(ANSWERS, view) :]


async def serve():
    loop = asyncio.get_running_loop()
    requests = asyncio.Queue()
    os.set_blocking(REQUESTS, False)
    pending = bytearray()

    def receive():
        data = os.read(REQUESTS, 1024 * 1024)
        if not data:
            os._exit(0)
        at = data.rfind(b"\n")
        if at < 0:
            pending.extend(data)
            return
        lines = bytes(pending) + data[:at]
        pending.clear()
        pending.extend(data[at + 1 :])
        for line in lines.split(b"\n"):
            requests.put_nowait(line)

    loop.add_reader(REQUESTS, receive)
    kernel = Kernel()
    write_all(b"{}\n")
    while True:
        request = json.loads(await requests.get())
        if request["clearContext"]:
            kernel.clear()
        answer = await kernel.execute(request["code"])
        write_all(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    for descriptor in (REQUESTS, ANSWERS):
        os.set_inheritable(descriptor, False)
    limit_memory()
    threading.Thread(target=end_with_host, args=(take_stdin(),), name="host", daemon=True).start()
    sys.argv = [""]
    asyncio.run(serve())
