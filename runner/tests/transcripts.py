"""Reads golden transcripts and compares what a runner sends with what they say; see the README beside them."""

import json
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "test", "conformance", "transcripts")


class Transcript:
    """`turns`: pairs of host frames and what the runner is to send after them."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file.read().split("\n") if line]
        self.head = lines[0]
        self.exit_code = self.head.get("exitCode", 0)
        self.turns = []
        for step in lines[1:]:
            if step["from"] == "runner":
                self.turns[-1][1].append(step["frame"])
            elif self.turns and not self.turns[-1][1]:
                self.turns[-1][0].append(step["frame"])
            else:
                self.turns.append(([step["frame"]], []))

    def needs_process(self):
        return "process" in self.head.get("needs", ())


def load_all():
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(FOLDER) for name in names]
    names = sorted(os.path.relpath(path, FOLDER) for path in paths if path.endswith(".jsonl"))
    return [(name, Transcript(os.path.join(FOLDER, name))) for name in names]


def normalise(frames):
    """Frames as they are compared."""
    merged = []
    for frame in frames:
        last = merged[-1] if merged else {}
        if frame["type"] == last.get("type") == "output" and _place(frame) == _place(last):
            last["text"] += frame["text"]
        else:
            merged.append(dict(frame))
    for frame in merged:
        if frame["type"] == "output" and frame["stream"] == "stderr":
            lines = frame["text"].splitlines(True)
            frame["text"] = "".join(line for line in lines if line.strip() == "" or line.strip(" ^~\n"))
        if frame["type"] == "hello":
            frame["python"] = "any"
    return merged


def _place(frame):
    return frame["cell"], frame["stream"]


def assert_same(test, actual, expected):
    actual, expected = normalise(actual), normalise(expected)
    for got, wanted in zip(actual, expected):
        if got["type"] == wanted["type"] == "blocked" and None not in (got["wakeInMs"], wanted["wakeInMs"]):
            test.assertTrue(0 <= got["wakeInMs"] <= wanted["wakeInMs"], got)
            got["wakeInMs"] = wanted["wakeInMs"]
    test.assertEqual(actual, expected)


def is_complete(actual, expected):
    """Whether nothing more is to be read: the last expected frame has come."""
    if not expected or not actual:
        return not expected
    return len(normalise(actual)) >= len(normalise(expected)) and actual[-1]["type"] == expected[-1]["type"]
