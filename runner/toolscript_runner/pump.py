"""Moves frames between the transport and the loops, and is the one place where anything waits.

Guarantees: the frames of a wave leave in one write, those of a large wave in several, `blocked` last; every complete
line that one read brought is processed before any loop goes on; only one thread reads at a time, and one that waits
meanwhile takes over from it.
"""

import _thread

from .calls import Calls
from .errors import RunnerEnded
from .frames import LineReader, ProtocolError, parse_frame
from .hopeless import end_wait, has_handlers
from .loop import PumpedLoop
from .output import Output
from .trace import clean

# Exit codes of the runner.
EXIT_OK = 0
EXIT_PROTOCOL = 70

# Frames that pile up to this many characters leave before the wave is complete, so that memory stays bounded; a driver
# may want them earlier.
_LATEST_CHARACTERS = 1024 * 1024


class Pump:
    """One for a session. `transport` is the driver's."""

    def __init__(self, transport):
        self._transport = transport
        self._wake_transport = getattr(transport, "wake", None)
        self._reader = LineReader()
        self._lines = []
        self._frames = []
        self._characters = 0
        self._early_characters = getattr(transport, "early_characters", _LATEST_CHARACTERS)
        self._write_lock = _thread.RLock()
        self._read_lock = _thread.allocate_lock()
        self._leader = None
        self._followers = []
        self._blocked_head = None
        # Nothing has happened since the last `blocked`: woken for nothing, the host need not hear it again.
        self.is_blocked_known = False
        self._exit_code = None
        self._main_thread = _thread.get_ident()
        self._main_loop = None
        self.interrupt_requested = False
        self.output = Output(self)
        self.calls = Calls(self.send)

    def make_loop(self):
        """A loop on this pump. The first one is the main thread's."""
        loop = PumpedLoop(self)
        if self._main_loop is None:
            self._main_loop = loop
        return loop

    # Out

    def configure(self, marker, max_frame_bytes):
        """Takes over what the host's `hello` said."""
        self.calls.marker = marker
        self.calls.max_frame_bytes = max_frame_bytes
        self._reader.max_bytes = max_frame_bytes

    def open_cell(self, cell, limits):
        """From here on waits are announced as `blocked` and output belongs to `cell`."""
        marker = self.calls.marker
        self._blocked_head = '%s{"type":"blocked","cell":%d,"wakeInMs":' % (marker, cell)
        self.is_blocked_known = False
        self.calls.open_cell(cell, limits)
        self.output.open_cell('%s{"type":"output","cell":%d,"stream":' % (marker, cell), limits["maxOutputBytes"])
        self._wake_followers()

    def close_cell(self, cell, return_code):
        """Sends what is left of the cell and `done`."""
        self._blocked_head = None
        self.calls.close_cell()
        if self._leader is not None and self._wake_transport is not None:
            self._wake_transport()  # a thread that the cell left behind gives up the read lock
        with self._write_lock:
            self._collect_output()
            output = self.output.take_last()
            done = '%s{"type":"done","cell":%d,"returnCode":%d,"droppedBytes":%d}\n'
            self._write(output, done % (self.calls.marker, cell, return_code, self.output.dropped_bytes))

    def send(self, line):
        """Adds a frame to the wave."""
        self._frames.append(line)
        self._characters += len(line)
        if self._characters >= self._early_characters:
            self.flush()
            self._take_in()

    def _take_in(self):
        """Takes what has arrived, to be processed later: a host whose answers nobody takes cannot take more calls."""
        if self._read_lock.acquire(False):
            try:
                while self._fill(0):
                    pass
            finally:
                self._read_lock.release()

    def flush(self, last=""):
        """Writes output, frames and `last`, in this order, in one write; nothing when there is nothing."""
        with self._write_lock:
            self._collect_output()
            self._write(self.output.take(), last)

    def collect_output(self):
        """Takes what reached the process's descriptors; callable from a driver's thread."""
        for source, data in self._transport.drain():
            self.output.add(source, data)

    def flush_output(self):
        """Lets live output leave while the script computes; callable from a driver's thread."""
        with self._write_lock:
            self._collect_output()
            output = self.output.take()
            if output:
                self._transport.write(output.encode("utf-8"))

    def _collect_output(self):
        self.output.sync_streams()
        self.collect_output()

    def _write(self, output, last):
        frames = self._frames
        count = len(frames)
        if count:
            text = output + "".join(frames[:count]) + last
            del frames[:count]  # not clear(): another thread may have added one
            self._characters = 0
        else:
            text = output + last
        if text:
            self._transport.write(text.encode("utf-8"))

    # In

    def wait(self, loop, timeout):
        """Blocks until a frame came, `timeout` seconds passed (None: forever) or `loop` was woken."""
        if not self._lines:
            if timeout is None and self._is_hopeless(loop):
                end_wait(loop.main)
                return
            line = "" if self.is_blocked_known else self._to_blocked(loop, timeout)
            self.flush(line)
            if line:
                self.is_blocked_known = True
            if not (self._may_read(loop) and self._read_lock.acquire(False)) and not self._follow(loop, timeout):
                return
            self._lead(loop, timeout)
        self._process()

    def _is_hopeless(self, loop):
        """Whether nothing is left that could wake the script."""
        if self._blocked_head is None or loop is not self._main_loop or loop.jobs or self.calls.are_waiting():
            return False
        has_threads = getattr(self._transport, "has_threads", None)
        # A thread that has just ended may have made the loop ready before.
        return not (has_threads is not None and has_threads() or has_handlers() or loop.is_ready())

    def _may_read(self, loop):
        # Between cells the frames are for the main thread.
        return self._blocked_head is not None or loop is self._main_loop

    def _lead(self, loop, timeout):
        """Reads for everyone. The read lock is held."""
        self._leader = loop
        try:
            # Whoever made it ready before it was the leader could not end the read.
            if not (loop.is_ready() or self.interrupt_requested):
                self._fill(timeout)
        finally:
            self._leader = None
            self._read_lock.release()
            if self._followers:
                self._wake_followers()

    def poll(self):
        """Takes what has arrived, without blocking; sends what waits to be sent."""
        self.flush()
        if not self._lines and self._read_lock.acquire(False):
            try:
                self._fill(0)
            finally:
                self._read_lock.release()
        self._process()

    def _to_blocked(self, loop, timeout):
        # A script that waits for its own threads alone is computing, and one that waits for nothing that the host knows
        # of may be. When calls wait too, a job may be waiting for them in turn, so the wave has to be announced.
        if self._blocked_head is None:
            return ""
        if (loop.jobs or timeout is None) and not self.calls.are_waiting():
            return ""
        if timeout is None:
            return self._blocked_head + "null}\n"
        return "%s%.3f}\n" % (self._blocked_head, timeout * 1000)

    def _follow(self, loop, timeout):
        """Waits while another thread reads. True when that one has stopped and the read lock is now held here."""
        self._followers.append(loop)
        try:
            if self._may_read(loop) and self._read_lock.acquire(False):
                return True
            loop.pause(timeout)
            return False
        finally:
            self._followers.remove(loop)

    def _wake_followers(self):
        for follower in list(self._followers):
            follower.wake()

    def wake(self, loop):
        """Ends the wait of `loop`; from any thread."""
        if self._wake_transport is not None and self._leader is loop:
            self._wake_transport()

    def _fill(self, timeout):
        """One read; whether it brought anything."""
        data = self._transport.read(timeout)
        if data:
            try:
                self._lines += self._reader.feed(data)
            except ProtocolError as error:
                self.fail(error)
        elif data is None:
            self.end(EXIT_OK)
        return bool(data)

    def next_frame(self):
        """The next frame between two cells; blocks."""
        while not self._lines:
            with self._read_lock:
                self._fill(None)
        try:
            return parse_frame(self._lines.pop(0))
        except ProtocolError as error:
            self.fail(error)

    def _process(self):
        """Processes the lines read so far, as answers to calls."""
        if self._exit_code is not None:
            raise RunnerEnded
        lines = self._lines
        if not lines or self._blocked_head is None:
            return
        resolve = self.calls.resolve
        try:
            # One by one from the list: what a signal handler of the script interrupts is not lost.
            lines.reverse()
            while lines:
                frame = parse_frame(lines.pop())
                if frame["type"] == "result":
                    resolve(frame["id"], frame["value"])
                else:
                    self._process_rare(frame)
        except ProtocolError as error:
            self.fail(error)
        finally:
            lines.reverse()

    def _process_rare(self, frame):
        kind = frame["type"]
        if kind == "error":
            self.calls.reject(frame["id"], frame["kind"], frame["message"])
        elif kind == "exit":
            self.end(EXIT_OK)
        else:
            raise ProtocolError("a %r frame came while a cell was running" % kind)

    # The end

    def end(self, exit_code):
        """Ends the runner: at once when the driver can, else by an exception through the script."""
        self._exit_code = exit_code
        end = getattr(self._transport, "end", None)
        if end is not None:
            end(exit_code)
        raise RunnerEnded

    def fail(self, error):
        """Ends the runner because of a `ProtocolError`, with a message that is no frame."""
        with self._write_lock:
            self._transport.write(("toolscript runner: %s\n" % error).encode("utf-8", "backslashreplace"))
        self.end(EXIT_PROTOCOL)

    @property
    def exit_code(self):
        """None until the runner has ended."""
        return self._exit_code

    def raise_interrupt(self):
        """Raises the interrupt that was put off while the runner's own code was running; in the main thread only."""
        if _thread.get_ident() == self._main_thread:
            self.interrupt_requested = False
            raise KeyboardInterrupt

    def become_child(self, write_directly):
        """In a forked process: no frames, no calls; what it prints goes through `write_directly(source, data)`."""
        self._write_lock = _thread.RLock()
        self._read_lock = _thread.allocate_lock()
        self._frames = []
        self._lines = []
        self.calls.become_child()
        self.output.become_child(write_directly)

    @staticmethod
    def clean_traceback(error):
        """For the loop, which prints exceptions that nobody awaited."""
        clean(error)
