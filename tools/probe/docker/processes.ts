/**
 * Attempts to make too many processes, to reach those of others, and to outlive the session.
 */
import type { DockerRow } from "./docker-probe.ts";

const pidsLimit =
  (limit: number): DockerRow["loosen"] =>
  (host) => {
    host["PidsLimit"] = limit;
  };

const hostProcesses: DockerRow["loosen"] = (host) => {
  host["PidMode"] = "host";
};

/** In the sandbox process 1 is another one; where the script is process 1 itself, a child of it makes the attempt. */
const onProcessOne = (script: string): string => `
child = os.fork() if os.getpid() == 1 else 0
if child == 0:${script.replaceAll("\n", "\n    ")}
    sys.stdout.flush()
else:
    os.waitpid(child, 0)
`;

/** The rows of this class. */
export const processRows: readonly DockerRow[] = [
  {
    name: "a fork bomb",
    class: "processes",
    script: `
children = []
try:
    for _ in range(100):
        child = os.fork()
        if child == 0:
            time.sleep(15)
            os._exit(0)
        children.append(child)
except OSError:
    pass
for child in children:
    os.kill(child, 9)
did(len(children) > 64, "%d processes" % len(children))
`,
    without: "with 200 processes instead of 64",
    loosen: pidsLimit(200),
  },
  {
    name: "a thread bomb",
    class: "processes",
    script: `
import threading
end = threading.Event()
threads = 0
try:
    for _ in range(100):
        threading.Thread(target=end.wait, daemon=True).start()
        threads += 1
except RuntimeError:
    pass
end.set()
did(threads > 64, "%d threads" % threads)
`,
    without: "with 200 processes instead of 64",
    loosen: pidsLimit(200),
  },
  {
    name: "use up file descriptors",
    class: "processes",
    script: `
files = []
try:
    for _ in range(3000):
        files.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
count = len(files)
for f in files:
    os.close(f)
did(count > 1024, "%d files open" % count)
`,
    without: "with 4096 open files instead of 1024",
    loosen: (host) => {
      host["Ulimits"] = [{ Name: "nofile", Soft: 4096, Hard: 4096 }];
    },
  },
  {
    name: "see a process of the host",
    class: "processes",
    script: `
found = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        line = open("/proc/%s/cmdline" % pid).read()
    except OSError:
        continue
    if line.startswith("sleep-secret"):
        found.append(line)
did(found, found)
`,
    steals: true,
    without: "with the host's processes",
    loosen: hostProcesses,
  },
  {
    name: "read the environment of a process of the host",
    class: "processes",
    script: `
def read():
    for pid in sorted(filter(str.isdigit, os.listdir("/proc")), key=int):
        try:
            text = open("/proc/%s/environ" % pid).read()
        except OSError:
            continue
        if "TOOLSCRIPT_PROBE_SECRET" in text:
            return text[text.index("TOOLSCRIPT_PROBE_SECRET"):]
    return open("/proc/%d/environ" % LAB["pid"]).read()
tried(read)
`,
    steals: true,
    without: "with the host's processes",
    loosen: hostProcesses,
  },
  {
    name: "read the host's environment in its own",
    class: "processes",
    script: `
text = repr(dict(os.environ))
for path in ("/proc/self/environ", "/proc/1/environ"):
    try:
        text += open(path).read()
    except OSError:
        pass
at = text.find("TOOLSCRIPT_PROBE_SECRET")
did(at >= 0, text[at:at + 100] if at >= 0 else sorted(os.environ))
`,
    steals: true,
    without: "with the host's environment handed on",
    loosen: (_host, spec, { secret }) => {
      spec.Env = [...(spec.Env ?? []), `TOOLSCRIPT_PROBE_SECRET=${secret}`];
    },
  },
  {
    name: "send a signal to a process of the host",
    class: "processes",
    script: `
tried(lambda: os.kill(LAB["pid"], 28))
`,
    without: "with the host's processes",
    loosen: hostProcesses,
  },
  {
    name: "trace process 1, to stop it",
    class: "processes",
    script: onProcessOne(`
tried(lambda: syscall(both(101, 117), 0x4206, 1, 0, 0))
`),
    without: "with the script's interpreter as process 1",
    loosen: () => {},
    unavailable: ({ values }) =>
      values["ptraceScope"] === 0 ? undefined : "its kernel lets nobody trace a parent",
  },
  {
    name: "look into process 1",
    class: "processes",
    script: onProcessOne(`
tried(lambda: [os.stat("/proc/1/fd/0").st_ino, len(open("/proc/1/environ").read()), len(open("/proc/1/maps").read())])
`),
    without: "with the script's interpreter as process 1",
    loosen: () => {},
  },
  {
    name: "dump core",
    class: "processes",
    script: `
child = os.fork()
if child == 0:
    os.chdir("/tmp")
    os.abort()
os.waitpid(child, 0)
cores = [name for name in os.listdir("/tmp") if name.startswith("core")]
did(cores, cores)
`,
    without: "with core dumps of any size",
    loosen: (host) => {
      host["Ulimits"] = [{ Name: "core", Soft: -1, Hard: -1 }];
    },
    unavailable: ({ values }) =>
      /^core\b/.test(String(values["corePattern"]))
        ? undefined
        : "its kernel hands cores to a program of the host",
  },
  {
    name: "take precedence over the host's processes",
    class: "processes",
    script: `
tried(lambda: os.setpriority(os.PRIO_PROCESS, 0, -10))
`,
    without: "as root with SYS_NICE",
    loosen: (host, spec) => {
      host["CapAdd"] = ["SYS_NICE"];
      spec.User = "0:0";
    },
  },
  {
    name: "raise a limit that was set",
    class: "processes",
    script: `
import resource
tried(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)))
`,
    without: "with that limit from the start",
    loosen: (host) => {
      host["Ulimits"] = [{ Name: "nofile", Soft: 1024, Hard: 4096 }];
    },
  },
  {
    name: "be spared when memory runs out",
    class: "processes",
    script: `
def spare():
    with open("/proc/self/oom_score_adj", "w") as f:
        f.write("-900")
tried(spare)
`,
    without: "as root with SYS_RESOURCE",
    loosen: (host, spec) => {
      host["CapAdd"] = ["SYS_RESOURCE"];
      spec.User = "0:0";
    },
  },
];
