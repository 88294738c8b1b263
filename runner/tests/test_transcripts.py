"""The golden transcripts, against a real process and against the core alone."""

import asyncio
import builtins
import contextlib
import json
import signal
import sys
import time
import unittest

from session import RUNNER_FOLDER, Session
from transcripts import assert_same, is_complete, load_all

if RUNNER_FOLDER not in sys.path:
    sys.path.insert(0, RUNNER_FOLDER)


class RealProcess(unittest.TestCase):
    def test_every_transcript(self):
        transcripts = load_all()
        self.assertGreaterEqual(len(transcripts), 15)
        for name, transcript in transcripts:
            with self.subTest(name):
                session = Session(None)
                try:
                    for host, expected in transcript.turns:
                        session.send(*host)
                        frames = []
                        while not is_complete(frames, expected):
                            frames.append(session.receive())
                        assert_same(self, frames, expected)
                    rest = session.process.stderr.read().decode()
                    self.assertEqual(session.process.wait(10), transcript.exit_code)
                    self.assertEqual(rest.startswith("toolscript runner: "), transcript.exit_code != 0, rest)
                finally:
                    session.close()


class FakeTransport:
    """Plays the host's side of a transcript in this process."""

    def __init__(self, test, transcript):
        self._test = test
        self._turns = list(transcript.turns)
        self._expected = []
        self._frames = []
        self._marker = transcript.turns[0][0][0]["marker"]
        self.message = ""

    def read(self, timeout):
        if not is_complete(self._frames, self._expected):
            if not timeout:  # a poll
                return b""
            time.sleep(timeout)
            return b""
        if timeout == 0:
            return b""
        assert_same(self._test, self._frames, self._expected)
        if not self._turns:
            return None
        host, self._expected = self._turns.pop(0)
        self._frames = []
        return b"".join(json.dumps(frame).encode() + b"\n" for frame in host)

    def write(self, data):
        for line in data.decode().splitlines():
            if line.startswith(self._marker):
                self._frames.append(json.loads(line[len(self._marker) :]))
            else:
                self.message += line

    def drain(self):
        return ()

    def finish(self):
        assert_same(self._test, self._frames, self._expected)
        self._test.assertEqual(self._turns, [])


@contextlib.contextmanager
def untouched_process():
    """A runner takes over much of its process; this gives it back."""
    from asyncio import events, runners

    names = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__", "excepthook", "__excepthook__")
    saved = {name: getattr(sys, name) for name in names}
    main = sys.modules["__main__"]
    parts = [
        (asyncio, "run"),
        (asyncio, "Runner"),
        (runners, "run"),
        (runners, "Runner"),
        (runners, "_cancel_all_tasks"),
    ]
    functions = [(module, name, getattr(module, name)) for module, name in parts if hasattr(module, name)]
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        for name, value in saved.items():
            setattr(sys, name, value)
        sys.modules["__main__"] = main
        for module, name, value in functions:
            setattr(module, name, value)
        set_policy = getattr(events, "_set_event_loop_policy", None) or events.set_event_loop_policy
        set_policy(None)
        signal.signal(signal.SIGINT, handler)
        if hasattr(builtins, "ToolError"):
            del builtins.ToolError


class CoreAlone(unittest.TestCase):
    def test_every_transcript(self):
        from toolscript_runner.core import Runner

        for name, transcript in load_all():
            if transcript.needs_process():
                continue
            with self.subTest(name), untouched_process():
                transport = FakeTransport(self, transcript)
                exit_code = Runner(transport).serve()
                transport.finish()
                self.assertEqual(exit_code, transcript.exit_code)
                self.assertEqual(transport.message.startswith("toolscript runner: "), exit_code != 0)


if __name__ == "__main__":
    unittest.main()
