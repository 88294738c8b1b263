"""When frames leave."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from toolscript_runner.pump import Pump  # noqa: E402


class Transport:
    def __init__(self):
        self.written = []
        self.arriving = []

    def write(self, data):
        self.written.append(data.decode())

    def read(self, timeout):
        return self.arriving.pop(0) if self.arriving else b""

    def drain(self):
        return []


class Pipelined(Transport):
    early_characters = 100


class LargeWaves(unittest.TestCase):
    def written_by(self, transport, lines):
        pump = Pump(transport)
        for line in lines:
            pump.send(line)
        return transport.written

    def test_a_driver_gets_a_part_as_soon_as_it_wants_one(self):
        a, b, c = "a" * 60 + "\n", "b" * 60 + "\n", "c" * 60 + "\n"
        self.assertEqual(self.written_by(Pipelined(), [a]), [])
        self.assertEqual(self.written_by(Pipelined(), [a, b, c]), [a + b])

    def test_without_a_wish_it_gets_them_when_they_grow_large(self):
        self.assertEqual(self.written_by(Transport(), ["a" * 1000] * 1000), [])
        parts = self.written_by(Transport(), ["a" * 1024] * 1024)
        self.assertEqual([len(part) for part in parts], [1024 * 1024])

    def test_what_arrives_meanwhile_is_taken_in_and_kept_for_later(self):
        transport = Pipelined()
        transport.arriving = [b'{"type":"resu', b'lt","id":1,"value":2}\n{"ty']
        pump = Pump(transport)
        pump.send("a" * 200 + "\n")
        self.assertEqual(transport.arriving, [])
        self.assertEqual(pump._lines, ['{"type":"result","id":1,"value":2}'])


if __name__ == "__main__":
    unittest.main()
