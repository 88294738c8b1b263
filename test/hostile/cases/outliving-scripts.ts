/**
 * Scripts that try to outlive the host that runs them. Each prints "here" when it has done what it can; then its host is
 * killed. `hosts` run beside each other; nothing of them may be left on this machine's daemon.
 */

const PRELUDE = `
import asyncio, ctypes, faulthandler, fcntl, gc, os, re, resource, signal, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
PRIVATE = [int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2]
def attempt(work, *arguments):
    try:
        return work(*arguments)
    except (OSError, ValueError):
        return None
def here():
    print("here", flush=True)
    time.sleep(0.2)  # the runner sends it meanwhile
def busy():
    while True:
        pass
def fork_busy(count, work=busy):
    for _ in range(count):
        # Past what the interpreter does for a forked process.
        if libc.fork() == 0:
            work()
            os._exit(0)
`;

/** Bodies; what they share stands before them. */
const BODIES: Readonly<Record<string, string>> = {
  "sleeps (harmless)": `
here()
time.sleep(600)`,
  "computes in one operation": `
here()
sum(range(10 ** 13))`,
  "looks for a pattern without end": `
here()
re.match(r"(a+)+$", "a" * 80 + "b")`,
  "hands the interpreter to nobody": `
sys.setswitchinterval(10 ** 6)
here()
busy()`,
  "throws into every other thread": `
here()
for ident in sys._current_frames():
    if ident != threading.get_ident():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))
time.sleep(600)`,
  "takes every lock it can find": `
here()
for each in gc.get_objects():
    if type(each).__name__ in ("lock", "RLock"):
        attempt(lambda: each.acquire(False))
time.sleep(600)`,
  "leaves children that hold every descriptor": `
for number in PRIVATE:
    attempt(os.set_inheritable, number, True)
fork_busy(3, lambda: time.sleep(600))
attempt(lambda: os.posix_spawn("/bin/sleep", ["sleep", "600"], {}))
here()
time.sleep(600)`,
  "leaves daemons of their own sessions": `
def become_daemon():
    os.setsid()
    if libc.fork() != 0:
        os._exit(0)
    for number in range(1, 65):
        attempt(signal.signal, number, signal.SIG_IGN)
    time.sleep(600)
libc.prctl(36, 1, 0, 0, 0)
fork_busy(5, become_daemon)
here()
time.sleep(600)`,
  "becomes another program": `
fork_busy(1, lambda: os.execv("/bin/sleep", ["sleep", "600"]))
here()
os.execv("/bin/sleep", ["sleep", "600"])`,
  "stops everything, itself last": `
fork_busy(3)
here()
for pid in (1, os.getppid(), 0, -1):
    attempt(os.kill, pid, signal.SIGSTOP)
os.kill(os.getpid(), signal.SIGSTOP)`,
  "sends every signal to process 1": `
for number in range(1, 65):
    for pid in (1, -1):
        if number not in (signal.SIGKILL, signal.SIGSTOP) and (pid == 1 or number > 31):
            attempt(signal.signal, number, signal.SIG_IGN)
    attempt(os.kill, 1, number)
    attempt(signal.pidfd_send_signal, os.pidfd_open(1), number)
here()
time.sleep(600)`,
  "sends interrupts to process 1 without end": `
signal.signal(signal.SIGINT, signal.SIG_IGN)
def storm():
    while True:
        os.kill(1, signal.SIGINT)
fork_busy(20, storm)
here()
storm()`,
  "blocks and ignores every signal": `
for number in range(1, 65):
    attempt(signal.signal, number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
here()
while True:
    attempt(time.sleep, 600)`,
  "traces process 1, and writes into it": `
found = []
for request in (16, 0x4206):
    found.append(libc.ptrace(request, 1, 0, 0))
for name in ("mem", "fd/0", "fd/2", "environ", "oom_score_adj", "timerslack_ns", "clear_refs", "comm"):
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
        if name not in ("comm", "oom_score_adj", "clear_refs") or flags != os.O_RDONLY:
            found.append(attempt(os.open, "/proc/1/" + name, flags))
print(found)
here()
time.sleep(600)`,
  "starves process 1 with sixty busy processes": `
for change in (
    lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),
    lambda: os.setpriority(os.PRIO_PGRP, 1, 19),
    lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19),
    lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
    lambda: os.sched_setaffinity(1, {0}),
):
    attempt(change)
fork_busy(58)
here()
busy()`,
  "takes process 1 its limits": `
for limit in ("NOFILE", "CPU", "AS", "STACK", "DATA", "SIGPENDING", "NPROC"):
    attempt(lambda: resource.prlimit(1, getattr(resource, "RLIMIT_" + limit), (0, 0)))
here()
time.sleep(600)`,
  "has alarms and dumps of its own": `
faulthandler.dump_traceback_later(0.05, repeat=True)
faulthandler.register(signal.SIGUSR1, chain=True)
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
here()
busy()`,
  "closes every descriptor": `
here()
os.closerange(0, 1024)
busy()`,
  "puts others in the place of every descriptor": `
here()
reading, writing = os.pipe()
for number in range(1024):
    if number not in (reading, writing):
        attempt(os.dup2, writing, number)
busy()`,
  "opens the input anew, to hold its other end": `
kept = []
for number in PRIVATE:
    for flags in (os.O_RDWR, os.O_WRONLY):
        kept.append(attempt(os.open, "/proc/self/fd/%d" % number, flags | os.O_NONBLOCK))
here()
time.sleep(600)`,
  "has children open the input anew, by other paths": `
def open_all():
    for number in PRIVATE:
        for path in ("/proc/thread-self/fd/%d", "/dev/fd/%d", "/proc/%d/fd/%%d" % os.getppid()):
            attempt(os.open, path % number, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK)
    time.sleep(600)
fork_busy(3, open_all)
here()
time.sleep(600)`,
  "lets forty megabytes of answers lie": `
async def stuck(index):
    await big()
    if index == 0:
        here()
        sum(range(10 ** 13))
await asyncio.gather(*map(stuck, range(40)))`,
  "lets answers lie, and says that it is just reading": `
frame, transport = sys._getframe(), None
while frame is not None and transport is None:
    transport = next((v for v in frame.f_locals.values() if type(v).__name__ == "StdioTransport"), None)
    frame = frame.f_back
for number in PRIVATE:
    attempt(fcntl.fcntl, number, 1031, 4096)
async def stuck(index):
    await big()
    if index == 0:
        transport._page[0:8] = b"x" * 8
        here()
        sum(range(10 ** 13))
await asyncio.gather(*map(stuck, range(40)))`,
  "fills the memory, and stays there": `
held = []
try:
    while len(held) < 440:
        held.append(bytearray(os.urandom(1) * 2 ** 20))
except MemoryError:
    pass
here()
fork_busy(20)
busy()`,
  "goes over the memory again and again": `
def fill():
    held = []
    while True:
        held.append(bytearray(os.urandom(1) * 2 ** 20))
here()
while True:
    child = os.fork()
    if child == 0:
        fill()
    os.waitpid(child, 0)`,
  "forks without end": `
here()
while True:
    if attempt(libc.fork) == 0:
        pass`,
  "makes orphans without end": `
def orphans():
    while True:
        child = attempt(os.fork)
        if child == 0:
            attempt(os.fork)
            os._exit(0)
        attempt(os.waitpid, -1, os.WNOHANG)
fork_busy(8, orphans)
here()
orphans()`,
  "writes to the host's end without end": `
here()
data = b"x" * 65536 + b"\\n"
while True:
    for number in PRIVATE:
        attempt(os.set_blocking, number, False)
        attempt(os.write, number, data)`,
};

/** Name and text of each script. */
export const OUTLIVING_SCRIPTS: readonly (readonly [name: string, code: string])[] = Object.entries(
  BODIES,
).map(([name, body]) => [name, PRELUDE + body]);
