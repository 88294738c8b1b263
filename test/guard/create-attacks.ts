/**
 * Create requests that each loosen one thing.
 */
import { type Attack, type CreateBody, type Target, ATTACKER_NAME, create } from "./attack.ts";
import { PACKED, repackRunner, replaceProcessOne } from "./change-program.ts";

type Change = (body: CreateBody, target: Target) => void;

/** Changes one field of the body. */
function field(name: string, value: unknown): [string, Change, RegExp] {
  return [
    `sets ${name} to ${JSON.stringify(value)}`,
    (body) => void (body[name] = value),
    new RegExp(name, "i"),
  ];
}

/** Changes one field of `HostConfig`. */
function host(name: string, value: unknown): [string, Change, string] {
  const change: Change = (body) => void (body.HostConfig[name] = value);
  return [`sets HostConfig.${name} to ${JSON.stringify(value)}`, change, `HostConfig.${name}`];
}

/** Changes the program text. */
function program(name: string, change: (runner: string) => string): [string, Change, string] {
  const changeBody: Change = (body) => {
    const command = body["Cmd"] as string[];
    const runner = command.pop() ?? "";
    const changed = change(runner);
    if (changed === runner) throw new Error(`"${name}" changes nothing`);
    command.push(changed);
  };
  return [`has a program that ${name}`, changeBody, "is not the runner of this version"];
}

const WRONG_USERS: readonly unknown[] = [
  "",
  2_013_265_920,
  ..."root 0:0 1000:1000 2013265919:2013265919 2147483647:2147483647 2013265920 2013265920:0".split(" "),
  ..."2013265920:2013265920:0 02013265920:02013265920".split(" "),
];

const changes: readonly [name: string, change: Change, says: string | RegExp][] = [
  host("Binds", ["/:/host"]),
  host("Mounts", [{ Type: "bind", Source: "/", Target: "/host" }]),
  host("VolumesFrom", ["other"]),
  host("Privileged", true),
  host("CapAdd", ["SYS_ADMIN"]),
  host("CapDrop", []),
  host("SecurityOpt", ["seccomp=unconfined"]),
  host("SecurityOpt", ["no-new-privileges", "apparmor=unconfined"]),
  host("SecurityOpt", []),
  host("PidMode", "host"),
  host("IpcMode", "host"),
  host("IpcMode", "shareable"),
  host("UTSMode", "host"),
  host("UsernsMode", "host"),
  host("CgroupnsMode", "host"),
  host("NetworkMode", "host"),
  host("NetworkMode", "bridge"),
  host("Devices", [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/sda", CgroupPermissions: "rwm" }]),
  host("DeviceCgroupRules", ["b *:* rwm"]),
  host("DeviceRequests", [{ Count: -1, Capabilities: [["gpu"]] }]),
  host("GroupAdd", ["docker"]),
  host("ReadonlyRootfs", false),
  host("MaskedPaths", []),
  host("ReadonlyPaths", []),
  host("Sysctls", { "kernel.core_pattern": "|/tmp/x" }),
  host("CgroupParent", "/"),
  host("ExtraHosts", ["metadata:169.254.169.254"]),
  host("Links", ["other:other"]),
  host("Dns", ["8.8.8.8"]),
  host("PortBindings", { "80/tcp": [{ HostPort: "80" }] }),
  host("PublishAllPorts", true),
  host("LogConfig", { Type: "json-file", Config: {} }),
  host("RestartPolicy", { Name: "always", MaximumRetryCount: 0 }),
  host("AutoRemove", false),
  host("Init", true),
  host("Runtime", "another"),
  host("ContainerIDFile", "/etc/cron.d/x"),
  host("StorageOpt", { size: "100G" }),
  host("VolumeDriver", "local"),
  host("Isolation", "process"),
  host("Tmpfs", { "/tmp": "rw,exec,nosuid,nodev,size=64m,mode=1777,nr_inodes=16384" }),
  host("Tmpfs", { "/tmp": "rw,noexec,nosuid,nodev,size=64m,mode=1777,nr_inodes=16384,exec" }),
  [
    "adds a second tmpfs",
    (body) => Object.assign(body.HostConfig["Tmpfs"] as object, { "/etc": "rw" }),
    "/etc",
  ],
  [
    "asks for a larger /tmp",
    (body) =>
      void (body.HostConfig["Tmpfs"] = {
        "/tmp": "rw,noexec,nosuid,nodev,size=65m,mode=1777,nr_inodes=16384",
      }),
    "Tmpfs",
  ],
  host("Memory", 0),
  host("Memory", 513 * 1024 * 1024),
  host("Memory", -1),
  host("MemorySwap", -1),
  host("MemorySwappiness", 100),
  host("NanoCpus", 64e9),
  host("NanoCpus", 0),
  host("CpuShares", 100_000),
  host("CpusetCpus", "0-63"),
  host("PidsLimit", -1),
  host("PidsLimit", 65),
  host("PidsLimit", null),
  host("OomScoreAdj", -1000),
  host("OomKillDisable", true),
  host("ShmSize", 2 ** 40),
  host("Ulimits", []),
  host("BlkioWeight", 1000),
  host("Annotations", { "run.oci.hooks": "x" }),
  field("Image", "debian:latest"),
  field(
    "Image",
    "toolscript/python:debian@sha256:0000000000000000000000000000000000000000000000000000000000000000",
  ),
  ...WRONG_USERS.map((user) => field("User", user)),
  field("Entrypoint", ["/bin/sh"]),
  field("Cmd", ["-c", "import os; os.system('id')"]),
  field("Cmd", ["-I", "-X", "utf8", "-c", "pass", "more"]),
  field("Env", ["LD_PRELOAD=/tmp/x.so"]),
  field("Volumes", { "/data": {} }),
  field("ExposedPorts", { "80/tcp": {} }),
  field("NetworkDisabled", false),
  field("NetworkingConfig", { EndpointsConfig: { bridge: {} } }),
  field("Healthcheck", { Test: ["CMD-SHELL", "id"] }),
  field("Tty", true),
  field("Hostname", "host"),
  field("StopSignal", "SIGWINCH"),
  field("OnBuild", ["RUN id"]),
  field("Shell", ["/bin/sh"]),
  field("MacAddress", "02:42:ac:11:00:02"),
  field("HostConfig", null),
  program("is another program", () => "import os; os.system('id')"),
  program("is the runner and more", (runner) => `${runner}print()\n`),
  program("begins before the runner", (runner) => `import os\n${runner}`),
  program(
    "has a runner in it that is packed and another one",
    repackRunner((files) => ({ ...files, "seccomp.py": "" })),
  ),
  program(
    "has a file more in it",
    repackRunner((files) => ({ ...files, "more.py": "" })),
  ),
  program("has a runner in it that cannot be unpacked", (runner) => runner.replace(/eN\w/, "eNA")),
  program("has another process 1", (runner) => replaceProcessOne(runner, "import os")),
  program("runs more between what is packed", (runner) => runner.replace(/"(eN\w)/, '"");x=("$1')),
  program("has no runner in it", (runner) => runner.replace(PACKED, '""')),
  ["has no labels", (body) => void (body.Labels = {}), "label"],
  ["leaves HostConfig out", (body) => void Reflect.deleteProperty(body, "HostConfig"), "HostConfig"],
  [
    "leaves HostConfig.PidsLimit out",
    (body) => void Reflect.deleteProperty(body.HostConfig, "PidsLimit"),
    "PidsLimit",
  ],
  [
    "leaves the daemon's confinement to its defaults",
    (body) => void Reflect.deleteProperty(body.HostConfig, "CapDrop"),
    "CapDrop",
  ],
  [
    "adds a label",
    (body) => void (body.Labels["com.docker.compose.project"] = "x"),
    "com.docker.compose.project",
  ],
  [
    "takes the lease away",
    (body) => void Reflect.deleteProperty(body.Labels, "toolscript.lease-until"),
    "label",
  ],
  ["takes our label away", (body) => void (body.Labels["toolscript.sandbox"] = "0"), "toolscript.sandbox"],
  [
    "hides much in a label",
    (body) => void (body.Labels["toolscript.host.machine"] = "x".repeat(10_000)),
    "label",
  ],
  [
    "shares the network of another container",
    (body, { victim }) => void (body.HostConfig["NetworkMode"] = `container:${victim}`),
    "NetworkMode",
  ],
  [
    "shares the processes of another container",
    (body, { victim }) => void (body.HostConfig["PidMode"] = `container:${victim}`),
    "PidMode",
  ],
  [
    "shares the memory of another container",
    (body, { victim }) => void (body.HostConfig["IpcMode"] = `container:${victim}`),
    "IpcMode",
  ],
  [
    "takes the volumes of another container",
    (body, { victim }) => void (body.HostConfig["VolumesFrom"] = [victim]),
    "VolumesFrom",
  ],
  [
    "writes hostconfig in small letters",
    (body) => {
      body["hostconfig"] = { Privileged: true };
      Reflect.deleteProperty(body, "HostConfig");
    },
    "HostConfig",
  ],
];

/** Bodies whose text is the trick. */
const texts: readonly (Omit<Attack, "bytes"> & { readonly text: (valid: string) => string })[] = [
  {
    name: "has HostConfig twice",
    text: (valid) => `${valid.slice(0, -1)},"HostConfig":{"Privileged":true}}`,
    status: 400,
    says: "twice",
  },
  {
    name: "has hostconfig beside HostConfig",
    text: (valid) => `${valid.slice(0, -1)},"hostconfig":{"Privileged":true}}`,
    status: 400,
    says: "twice",
  },
  {
    name: "has HostConfig again with a long s, which Go takes for an s",
    text: (valid) => `${valid.slice(0, -1)},"Ho\u017FtConfig":{"Privileged":true}}`,
    status: 400,
    says: "twice",
  },
  {
    name: "has HostConfig again with an escaped letter",
    text: (valid) => `${valid.slice(0, -1)},"\\u0048ostConfig":{"Privileged":true}}`,
    status: 400,
    says: "twice",
  },
  {
    name: "has privileged twice within HostConfig",
    text: (valid) => valid.replace('"Privileged":false', '"Privileged":false,"privileged":true'),
    status: 400,
    says: "twice",
  },
  {
    name: "has a prototype",
    text: (valid) => `${valid.slice(0, -1)},"__proto__":{"Privileged":true}}`,
    says: "__proto__",
  },
  {
    name: "is followed by another object",
    text: (valid) => `${valid}{"HostConfig":{}}`,
    status: 400,
    says: "JSON",
  },
  { name: "has a comment", text: (valid) => `${valid}//`, status: 400, says: "JSON" },
  { name: "is an array", text: (valid) => `[${valid}]`, says: "object" },
  { name: "is null", text: () => "null", says: "object" },
  { name: "is empty", text: () => "", status: 400, says: "JSON" },
  { name: "is long", text: (valid) => `${" ".repeat(300_000)}${valid}`, status: 400, says: "bytes" },
  { name: "begins with a byte order mark", text: (valid) => `\uFEFF${valid}`, status: 400, says: "JSON" },
  {
    name: "nests deeply",
    text: (valid) => `${valid.slice(0, -1)},"x":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
    says: '"x"',
  },
];

const queries: readonly (Pick<Attack, "status" | "says"> & { readonly query: string })[] = [
  { query: "", says: "name" },
  { query: "?name=other", says: "name" },
  { query: "?name=toolscript-BADBADBADBADBAD0", says: "name" },
  { query: `?name=${ATTACKER_NAME}%2F..`, says: "name" },
  { query: `?name=${ATTACKER_NAME}&platform=windows`, says: "platform" },
  { query: `?name=${ATTACKER_NAME}&name=x`, says: "twice", status: 400 },
  { query: `?Name=${ATTACKER_NAME}`, says: "Name" },
];

/** Every create request that must be refused. */
export const createAttacks: readonly Attack[] = [
  ...changes.map(([name, change, says]) => ({
    name: `a create request that ${name}`,
    bytes(target: Target) {
      const body = target.body();
      change(body, target);
      return create(body);
    },
    says,
  })),
  ...texts.map(({ name, text, ...rest }) => ({
    name: `a create request whose body ${name}`,
    bytes: (target: Target) => create(text(JSON.stringify(target.body()))),
    ...rest,
  })),
  ...queries.map(({ query, ...rest }) => ({
    name: `a create request with the query "${query}"`,
    bytes: (target: Target) => create(target.body(), query),
    ...rest,
  })),
  {
    name: "a create request whose body is no UTF-8",
    bytes: (target) =>
      Buffer.from(create(target.body()).replace('"Hostname":"sandbox"', '"Hostname":"s\xffndbox"'), "latin1"),
    status: 400,
    says: "UTF-8",
  },
];
