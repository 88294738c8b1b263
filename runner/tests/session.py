"""A real runner in a process of its own, driven as the host does; for the tests."""

import json
import os
import subprocess
import sys

RUNNER_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MARKER = "0123456789abcdef"
LIMITS = {"maxOutputBytes": 1048576, "maxCalls": 100000, "maxCallsInFlight": 20000}
HELLO = {"type": "hello", "version": 1, "marker": MARKER, "maxFrameBytes": 33554432}
PROGRAM = "import sys; sys.path.insert(0, %r); from toolscript_runner.stdio import main; main()" % RUNNER_FOLDER


def tool(name, *parameters, python=None):
    return {"name": name, "python": python or name, "parameters": list(parameters)}


class Result:
    """What a cell did."""

    def __init__(self):
        self.frames = []

    def _text(self, stream):
        return "".join(f["text"] for f in self.frames if f["type"] == "output" and f["stream"] == stream)

    def of(self, kind):
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def stdout(self):
        return self._text("stdout")

    @property
    def stderr(self):
        return self._text("stderr")

    @property
    def return_code(self):
        return self.frames[-1]["returnCode"]

    @property
    def inputs(self):
        return [frame["input"] for frame in self.of("call")]

    @property
    def waves(self):
        """How many calls each wave had."""
        waves, calls = [], 0
        for frame in self.frames:
            calls += frame["type"] == "call"
            if frame["type"] == "blocked" and calls:
                waves.append(calls)
                calls = 0
        return waves


class Session:
    """`with Session() as session: session.run(code)`."""

    def __init__(self, hello=HELLO, preexec_fn=None):
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=preexec_fn,
        )
        self._cell = 0
        if hello is not None:
            self.send(hello)
            self.hello = self.receive()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the process and returns its exit code."""
        if not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stderr.close()

    def send(self, *frames):
        self.send_bytes(b"".join(json.dumps(frame).encode() + b"\n" for frame in frames))

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self):
        """The next frame; fails when the line is none."""
        line = self.process.stderr.readline().decode()
        if not line.startswith(MARKER):
            raise AssertionError(
                "not a frame: %r" % (line + self.process.stderr.read(65536).decode() if line else line)
            )
        return json.loads(line[len(MARKER) :])

    def declare(self, *tools):
        self.send({"type": "tools", "tools": list(tools)})

    def start(self, code, **limits):
        self._cell += 1
        self.send({"type": "run", "cell": self._cell, "code": code, "limits": dict(LIMITS, **limits)})

    def run(self, code, answer=None, on_frame=None, **limits):
        """Runs a cell. `answer(call)` gives the value of a call or raises; calls are answered at each `blocked`."""
        self.start(code, **limits)
        return self.finish(answer, on_frame)

    def finish(self, answer=None, on_frame=None):
        result = Result()
        answers = []
        while True:
            frame = self.receive()
            result.frames.append(frame)
            if on_frame is not None:
                on_frame(frame)
            if frame["type"] == "call" and answer is not None:
                answers.append(_answer(frame, answer))
            elif frame["type"] == "blocked" and answers:
                self.send(*answers)
                answers = []
            elif frame["type"] == "done":
                return result


def _answer(call, answer):
    try:
        return {"type": "result", "id": call["id"], "value": answer(call)}
    except TimeoutError as error:
        return {"type": "error", "id": call["id"], "kind": "timeout", "message": str(error)}
    except ValueError as error:
        return {"type": "error", "id": call["id"], "kind": "tool", "message": str(error)}
