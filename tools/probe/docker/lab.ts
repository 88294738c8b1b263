/**
 * What Docker probes try to reach: listeners, a file, a process on this host, and two other containers. Each holds a
 * secret, so that it can be told afterwards whether it was reached.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmod, mkdtemp, open, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, type Server, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DockerClient } from "../../docker-client.ts";
import { DEFAULT_USER_IDS } from "../../../src/sandbox/docker/user-ids.ts";
import type { LabValues } from "../script-run.ts";
import { type LooseSpec, probeName, specFor } from "./container-run.ts";

/** Everything that is there to be reached. */
export interface DockerLab {
  readonly engine: DockerClient;
  readonly image: string;
  /** Known to host, file, process and containers; never told to a script. */
  readonly secret: string;
  /** What a script is told. */
  readonly values: LabValues;
  /** Everything that any listener on this host was sent. */
  readonly received: string[];
  /** Folder on this host with a file that holds the secret. */
  readonly folder: string;
  /** A process on this host, with the secret among its arguments and in its environment. */
  readonly process: ChildProcess;
  /** Ids of the other containers. */
  readonly victim: string;
  readonly metadata: string;
  close(): Promise<void>;
}

/** The address at which a cloud tells a machine its credentials. */
const METADATA_ADDRESS = "169.254.169.254";
/** An address of this host alone, so that a name server there disturbs no other, nor probes that run at the same time. */
const DNS_ADDRESS = `127.${randomInt(1, 250)}.${randomInt(1, 250)}.77`;
const VICTIM_PORT = 8099;
const SHARED_MEMORY_KEY = 0x70726f62;

/** Sets everything up. Needs root, for a name server's port and a process of another user. */
export async function openDockerLab(image: string): Promise<DockerLab> {
  // What was set up before something failed goes away again, in reverse.
  await using undo = new AsyncDisposableStack();
  const lab = await setUp(image, undo);
  const kept = undo.move();
  return { ...lab, close: () => kept.disposeAsync() };
}

async function setUp(image: string, undo: AsyncDisposableStack): Promise<Omit<DockerLab, "close">> {
  const engine = new DockerClient();
  const secret = `secret-${randomBytes(12).toString("hex")}`;
  const folder = await mkdtemp(join(tmpdir(), "toolscript-probe-"));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  await writeFile(join(folder, "secret.txt"), secret, { mode: 0o644 });
  process.env["TOOLSCRIPT_PROBE_SECRET"] = secret;
  undo.defer(() => void delete process.env["TOOLSCRIPT_PROBE_SECRET"]);
  const host = await openListeners(secret);
  undo.defer(() => host.close());
  const child = startProcess(secret);
  undo.defer(() => void child.kill("SIGKILL"));
  const start = async (program: string, change: (spec: LooseSpec) => void): Promise<string> => {
    const id = await startContainer(engine, image, program, secret, change);
    undo.defer(() => engine.getContainer(id).remove());
    return id;
  };
  const victim = await start(VICTIM, victimSpec);
  const metadata = await start(METADATA, metadataSpec);
  const values = {
    ...host.values,
    pid: child.pid ?? 0,
    file: join(folder, "secret.txt"),
    metadataAddress: METADATA_ADDRESS,
    victimPort: VICTIM_PORT,
    sharedMemoryKey: SHARED_MEMORY_KEY,
    ...(await describeMachine()),
  };
  return { engine, image, secret, values, received: host.received, folder, process: child, victim, metadata };
}

/** What this machine has, so that a control that it cannot show is told from one that fails. */
async function describeMachine(): Promise<LabValues> {
  const read = (path: string) => readFile(path, "utf8").catch(() => "");
  const list = (path: string) => readdir(path).catch(() => []);
  const blocks = (await list("/sys/block")).filter((name) => /^(?:[sv]d|nvme|xvd|mmcblk)/.test(name));
  const disk = await findAsync(blocks, async (name) => await canRead(`/dev/${name}`));
  const device = (await list("/dev")).find((name) =>
    ["kmsg", "fuse", "loop-control", "hwrng"].includes(name),
  );
  return {
    corePattern: (await read("/proc/sys/kernel/core_pattern")).trim(),
    vsock: (await read("/proc/net/protocols")).includes("VSOCK") ? 1 : 0,
    firmware: (await list("/sys/firmware")).length > 0 ? 1 : 0,
    disk: disk ?? "",
    ptraceScope: Number((await read("/proc/sys/kernel/yama/ptrace_scope")).trim()),
    modules: (await canRead("/proc/modules")) ? 1 : 0,
    device: device ?? "",
  };
}

async function findAsync(
  names: readonly string[],
  fits: (name: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const name of names) if (await fits(name)) return name;
  return undefined;
}

async function canRead(path: string): Promise<boolean> {
  const file = await open(path, "r").catch(() => undefined);
  await file?.close();
  return file !== undefined;
}

/** TCP, UDP and an abstract Unix socket tell the secret to whoever asks; the name server only writes down names. */
async function openListeners(secret: string) {
  const received: string[] = [];
  const abstractName = `\0toolscript-probe-${randomBytes(6).toString("hex")}`;
  const listen = async (at: Parameters<Server["listen"]>[0]): Promise<Server> => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => received.push(data.toString()));
      socket.end(secret);
    });
    server.listen(at);
    await once(server, "listening");
    return server;
  };
  const tcp = await listen({ port: 0, host: "127.0.0.1" });
  const abstract = await listen({ path: abstractName });
  const udp = createSocket("udp4").on("message", (data) => received.push(data.toString("latin1")));
  udp.bind(0, "127.0.0.1");
  const names = createSocket("udp4").on("message", (data) => received.push(data.toString("latin1")));
  names.bind(53, DNS_ADDRESS);
  await Promise.all([once(udp, "listening"), once(names, "listening")]);
  return {
    received,
    values: {
      tcpPort: (tcp.address() as AddressInfo).port,
      udpPort: udp.address().port,
      abstractName: abstractName.slice(1),
      dnsAddress: DNS_ADDRESS,
    },
    close() {
      for (const each of [tcp, abstract, udp, names]) each.close();
    },
  };
}

/** Runs as the user of the controls, so that only the separation of processes keeps it safe from them. */
function startProcess(secret: string): ChildProcess {
  return spawn("sleep", ["600"], {
    argv0: `sleep-${secret}`,
    env: { TOOLSCRIPT_PROBE_SECRET: secret, PATH: process.env["PATH"] },
    stdio: "ignore",
    uid: DEFAULT_USER_IDS.first,
    gid: DEFAULT_USER_IDS.first,
  });
}

async function startContainer(
  engine: DockerClient,
  image: string,
  program: string,
  secret: string,
  change: (spec: LooseSpec) => void,
): Promise<string> {
  const text = program
    .replaceAll("SECRET", secret)
    .replaceAll("PORT", String(VICTIM_PORT))
    .replaceAll("KEY", String(SHARED_MEMORY_KEY))
    .replaceAll("ADDRESS", METADATA_ADDRESS);
  const spec = specFor(text, image);
  change(spec);
  spec.HostConfig["AutoRemove"] = false;
  const container = await engine.createContainer(spec, probeName());
  const stream = await container.attach();
  const ready = once(stream, "data");
  await container.start();
  await ready;
  stream.resume();
  return container.id;
}

/** A session of somebody else: a file, a port, shared memory. */
const VICTIM = `
import ctypes, os, socket, time
open("/tmp/secret.txt", "w").write("SECRET")
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
ctypes.memmove(libc.shmat(libc.shmget(KEY, 4096, 0o1666), None, 0), b"SECRET", len(b"SECRET"))
server = socket.create_server(("127.0.0.1", PORT))
print("ready", flush=True)
while True:
    connection = server.accept()[0]
    connection.sendall(b"SECRET")
    connection.close()
`;

function victimSpec(spec: LooseSpec): void {
  spec.HostConfig["IpcMode"] = "shareable";
}

/** A network of its own, in which the address of a cloud's metadata service answers. */
const METADATA = `
import fcntl, socket, struct
name = b"lo:1"
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    address = struct.pack("16sH2s4s8s", name, socket.AF_INET, b"", socket.inet_aton("ADDRESS"), b"")
    fcntl.ioctl(control, 0x8916, address)
server = socket.create_server(("ADDRESS", 80))
print("ready", flush=True)
while True:
    connection = server.accept()[0]
    connection.recv(1000)
    connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nSECRET")
    connection.close()
`;

function metadataSpec(spec: LooseSpec): void {
  spec.User = "0:0";
  Object.assign(spec.HostConfig, { CapAdd: ["NET_ADMIN", "NET_BIND_SERVICE"] });
}
