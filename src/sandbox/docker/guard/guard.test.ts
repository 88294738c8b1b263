import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  TEST_IMAGE,
  buildImage,
  createCellReader,
  listContainersOf,
  probeDocker,
  removeImage,
  sendCell,
  testEngine,
} from "../../../../test/docker-engine.ts";
import { http } from "../../../../test/guard/attack.ts";
import { type GuardBench, openGuardBench } from "../../../../test/guard/bench.ts";
import { requireOrSkip } from "../../../../test/require.ts";
import { openScriptSession } from "../../../script/script-session.ts";
import { tool } from "../../../tools/define-tool.ts";
import { stdioBootstrap } from "../../runner-source.ts";
import { containerLabels, containerSpec } from "../container-spec.ts";
import { resolveDockerOptions } from "../docker-options.ts";
import { docker } from "../docker.ts";
import { resolveEngineAddress } from "../engine-address.ts";
import { openEngine } from "../engine.ts";
import { readHostIdentity } from "../host-identity.ts";
import { startGuard } from "./guard.ts";

const randomName = () => `toolscript-${randomBytes(8).toString("hex")}`;

/** A create request whose program is `program`. */
function createRequest(program: string, options = {}, name = randomName()): string {
  const { container } = resolveDockerOptions({ image: TEST_IMAGE, ...options });
  const labels = containerLabels(readHostIdentity(), Date.now());
  return http("POST", `/containers/create?name=${name}`, containerSpec(container, program, labels));
}

async function createContainer(bench: GuardBench, program: string): Promise<string> {
  const answer = await bench.exchange(createRequest(program));
  const [, id] = /"Id":"([0-9a-f]{64})"/.exec(answer) ?? [];
  if (id === undefined) throw new Error(answer);
  return id;
}

/** Attaches, starts, and collects what comes back, the streams' own headers included. */
async function attach(bench: GuardBench, id: string, headers: readonly string[] = [], body = "") {
  const socket = connect({ path: bench.socketPath, allowHalfOpen: true });
  const upgrade = ["Connection: Upgrade", "Upgrade: tcp", ...headers];
  const target = `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`;
  socket.write(http("POST", target, undefined, upgrade));
  // In pieces, so that the end of the body is not where a packet ends.
  for (const letter of body) await new Promise((resolve) => socket.write(letter, resolve));
  const chunks: Buffer[] = [];
  const upgraded = new Promise<void>((resolve) => socket.once("data", () => resolve()));
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await upgraded;
  await bench.exchange(http("POST", `/containers/${id}/start`));
  return {
    socket,
    ended: new Promise<string>((resolve) =>
      socket.once("end", () => resolve(Buffer.concat(chunks).toString("latin1"))),
    ),
  };
}

describe.skipIf(await requireOrSkip("docker", probeDocker))("startGuard()", () => {
  let bench: GuardBench;
  let anyProgram: GuardBench;
  beforeAll(async () => {
    bench = await openGuardBench();
    anyProgram = await openGuardBench({ unsafeAnyProgram: true });
  });
  afterAll(() => Promise.all([bench.close(), anyProgram.close()]));

  test("lets a session of the sandbox pass unchanged: calls, large frames, interrupt, end", async () => {
    const sandbox = docker({ image: TEST_IMAGE, host: bench.host, pool: { size: 1 } });
    const swap = tool({
      name: "swap",
      description: "Returns what it gets",
      input: { type: "object", properties: { x: { type: "string" } }, required: ["x"] },
      execute: async (input) => (input as { x: string }).x,
    });
    const session = await openScriptSession({ sandbox, tools: [swap], limits: { runningMs: 5_000 } });
    const large = await session.run("r = await swap(x='ä' * 1_000_000)\nprint(len(r))").result;
    const endless = await session.run("kept = 1\nwhile True: pass").result;
    const after = await session.run("print(kept)").result;
    await session.close();
    await sandbox.close();
    expect(large.stdout).toBe("1000000\n");
    expect(endless).toMatchObject({ limit: "running-time", survived: true });
    expect(after.stdout).toBe("1\n");
    expect(await listContainersOf()).toEqual([]);
  });

  test("writes a line for each container that is made and attached to", () => {
    expect(bench.log).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ event: "created", image: TEST_IMAGE }) as unknown,
        expect.objectContaining({ event: "attached" }) as unknown,
      ]),
    );
    expect(bench.log.filter(({ level }) => level !== "info")).toEqual([]);
  });

  test("keeps the end of one direction from ending the other, and ends that one too when it ends", async () => {
    const program = "import sys\nr = sys.stdin.buffer.read()\nsys.stderr.write('got %d' % len(r))";
    const { socket, ended } = await attach(anyProgram, await createContainer(anyProgram, program));
    socket.end("x".repeat(3_000_000));
    expect(await ended).toContain("got 3000000");
  });

  test("drops the body of an attach request, however it is cut, and nothing more", async () => {
    const program = "import sys\nsys.stderr.write('[' + sys.stdin.read() + ']')";
    const body = JSON.stringify({ stream: true });
    const id = await createContainer(anyProgram, program);
    const { socket, ended } = await attach(anyProgram, id, [`Content-Length: ${body.length}`], `${body}rest`);
    socket.end();
    expect(await ended).toContain("[rest]");
  });

  test("takes what follows an attach request for the container's input, never for a request", async () => {
    const program = "import sys\nsys.stderr.write('<' + sys.stdin.read() + '>')";
    const { socket, ended } = await attach(anyProgram, await createContainer(anyProgram, program));
    const reached = anyProgram.reached.length;
    socket.end(http("GET", "/containers/json"));
    expect(await ended).toContain("<GET /containers/json HTTP/1.1");
    expect(anyProgram.reached.slice(reached)).toEqual([]);
  });

  test("ends a container when the process that attached to it goes", async () => {
    const id = await createContainer(anyProgram, "import sys\nsys.stdin.read()");
    const { socket } = await attach(anyProgram, id);
    socket.destroy();
    await anyProgram.exchange(http("POST", `/containers/${id}/wait?condition=removed`));
    await expect(testEngine.getContainer(id).inspect()).rejects.toThrow("No such container");
  });

  test("lets the processor time of a session be asked for, and no container be measured that another guard made", async () => {
    const sandbox = docker({ image: TEST_IMAGE, host: bench.host });
    const session = await sandbox.open();
    const reached = bench.reached.length;
    const used = await session.processor?.usedMs();
    const figures = `/containers/${session.id}/stats?stream=false&one-shot=true`;
    const refused = await anyProgram.exchange(http("GET", figures));
    await sandbox.close();
    expect(used).toBeGreaterThan(0);
    expect(bench.reached.slice(reached).filter((line) => line.includes("/stats"))).toEqual([
      expect.stringMatching(/^GET \/containers\/[0-9a-f]{64}\/stats\?stream=false&one-shot=true HTTP\/1\.1$/),
    ]);
    expect(refused).toContain("was not made through this guard");
  });

  test("tells how a container of its own ended that has gone, and of no other", async () => {
    const sandbox = docker({ image: TEST_IMAGE, host: bench.host });
    const session = await sandbox.open();
    const { Id } = (await testEngine.getContainer(session.id).inspect()) as unknown as {
      readonly Id: string;
    };
    await sandbox.close();
    const engine = openEngine(resolveEngineAddress(bench.host), 20_000);
    expect(await engine.inspect(Id)).toBeUndefined();
    expect(await engine.howEnded(Id)).toMatchObject({ outOfMemory: false });
    const foreign = openEngine(resolveEngineAddress(anyProgram.host), 20_000);
    await expect(foreign.howEnded(Id)).rejects.toThrow("was not made through this guard");
  });

  test("forces the filter by our label, whatever is asked for", async () => {
    const other = await testEngine.createContainer({ Image: TEST_IMAGE, Entrypoint: ["true"] });
    onTestFinished(() => other.remove());
    const listed = await bench.exchange(http("GET", "/v1.41/containers/json?all=1"));
    expect(listed).toContain("200 OK");
    expect(listed).not.toContain(other.id);
    expect(bench.reached.at(-1)).toContain(encodeURIComponent('"toolscript.sandbox=1"'));
  });

  test.each(["/_ping", "/v1.41/_ping", "/version", "/v1.41/version", `/images/${TEST_IMAGE}/json`])(
    "answers GET %s",
    async (path) => {
      expect(await bench.exchange(http("GET", path))).toContain("200 OK");
    },
  );

  test("answers 404 for a container that is not there", async () => {
    const name = `toolscript-${"f".repeat(16)}`;
    const answer = await bench.exchange(http("DELETE", `/containers/${name}?force=true`));
    expect(answer).toContain("404 Not Found");
  });

  test("lets a container of a former host be removed, and not be attached to", async () => {
    const { container } = resolveDockerOptions({ image: TEST_IMAGE });
    const labels = containerLabels(readHostIdentity(), Date.now());
    const left = await testEngine.createContainer(containerSpec(container, "pass", labels));
    const upgrade = ["Connection: Upgrade", "Upgrade: tcp"];
    const attached = await bench.exchange(
      http("POST", `/containers/${left.id}/attach?stream=1`, undefined, upgrade),
    );
    const started = await bench.exchange(http("POST", `/containers/${left.id}/start`));
    const removed = await bench.exchange(http("DELETE", `/containers/${left.id}?force=1&v=1`));
    expect(attached).toContain("was not made through this guard");
    expect(started).toContain("was not made through this guard");
    expect(removed).toContain("204 No Content");
  });

  test("takes limits up to its own maximums, and no more containers than allowed", async () => {
    const strict = await openGuardBench({ maximums: { memoryMb: 64, containers: 1 } });
    onTestFinished(() => strict.close());
    const name = randomName();
    const refused = await strict.exchange(createRequest(stdioBootstrap()));
    const made = await strict.exchange(createRequest(stdioBootstrap(), { memoryMb: 64 }, name));
    const second = await strict.exchange(createRequest(stdioBootstrap(), { memoryMb: 64 }));
    await strict.exchange(http("DELETE", `/containers/${name}`));
    const third = await strict.exchange(createRequest(stdioBootstrap(), { memoryMb: 64 }, name));
    await strict.exchange(http("DELETE", `/containers/${name}`));
    expect(refused).toContain('wanted \\"32\\" to \\"64\\"');
    expect(made).toContain("201 Created");
    expect(second).toContain('there are \\"1\\" containers of this guard already');
    expect(third).toContain("201 Created");
  });

  test("takes the runner however it is packed, and passes on its own text of it", async () => {
    const name = randomName();
    const [, packed = ""] = /"(eN[^"]+)"/.exec(stdioBootstrap()) ?? [];
    const repacked = deflateSync(inflateSync(Buffer.from(packed, "base64")), { level: 1 }).toString("base64");
    const made = await bench.exchange(createRequest(stdioBootstrap().replace(packed, repacked), {}, name));
    const { Config } = await testEngine.getContainer(name).inspect();
    await bench.exchange(http("DELETE", `/containers/${name}`));
    expect(repacked).not.toBe(packed);
    expect(made).toContain("201 Created");
    expect(Config.Cmd?.at(-1)).toBe(stdioBootstrap());
  });

  test("refuses an allowed image that declares volumes", async () => {
    const image = await buildImage("toolscript/test-guard-volume", `FROM ${TEST_IMAGE}\nVOLUME /data\n`);
    onTestFinished(() => removeImage(image));
    const folder = await temporaryFolder();
    const guard = await startGuard({ socketPath: join(folder, "g"), allowedImages: [image] });
    onTestFinished(() => guard.close());
    const sandbox = docker({ image, host: `unix://${guard.socketPath}` });
    await expect(sandbox.open()).rejects.toThrow("/data");
    await sandbox.close();
  });

  test("ends sessions with an error that says so when it is closed", async () => {
    const own = await openGuardBench();
    const sandbox = docker({ image: TEST_IMAGE, host: own.host });
    const session = await sandbox.open();
    const reader = createCellReader(session);
    sendCell(session, "import asyncio\nprint('begun', flush=True)\nawait asyncio.sleep(600)");
    await reader.nextFrame();
    await own.close();
    await expect(reader.readCell()).rejects.toMatchObject({ code: "docker-daemon-lost" });
    await sandbox.close();
  });
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "toolscript-guard-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe("startGuard() without a daemon", () => {
  test("cuts connections while the daemon is not there, as a daemon that is not there would", async () => {
    const folder = await temporaryFolder();
    const log: string[] = [];
    const guard = await startGuard({
      socketPath: join(folder, "g"),
      upstream: join(folder, "none"),
      allowedImages: ["i"],
      log: ({ event }) => log.push(event),
    });
    onTestFinished(() => guard.close());
    const sandbox = docker({ image: "i", host: `unix://${guard.socketPath}` });
    await expect(sandbox.open()).rejects.toMatchObject({ code: "docker-unreachable" });
    await sandbox.close();
    expect(log).toContain("failed");
  });

  test("makes its socket for its owner and group only, and leaves nothing behind", async () => {
    const folder = await temporaryFolder();
    const socketPath = join(folder, "g");
    const guard = await startGuard({ socketPath, allowedImages: ["i"] });
    const { mode } = await stat(socketPath);
    expect((mode & 0o777).toString(8)).toBe("660");
    expect(await readdir(folder)).toEqual(["g"]);
    await Promise.all([guard.close(), guard.close()]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("takes over the socket of a guard that was killed, and no other place", async () => {
    const folder = await temporaryFolder();
    const socketPath = join(folder, "g");
    await writeFile(socketPath, "");
    const options = { socketPath, allowedImages: ["i"] };
    await expect(startGuard(options)).rejects.toThrow("something else at this place");
    await rm(socketPath);
    const guard = await startGuard(options);
    await expect(startGuard(options)).rejects.toThrow("another process listens there");
    await guard.close();
    await leaveDeadSocket(socketPath);
    await (await startGuard(options)).close();
  });

  test.each([
    [{ allowedImages: [] }, "allowedImages"],
    [{ allowedImages: ["a b"] }, "no name of an image"],
    [{ upstream: "tcp://localhost:2375" }, "wanted the path of a socket"],
    [{ socketPath: `/${"x".repeat(200)}` }, "107 bytes"],
    [{ socketPath: "/does-not-exist/x/g" }, "cannot listen"],
    [{ maximums: { memoryMb: 0.5 } }, "memoryMb"],
  ])("refuses the options %j", async (wrong, says) => {
    const options = { socketPath: "/does-not-exist/g", allowedImages: ["i"], ...wrong };
    const starting = startGuard(options);
    await expect(starting).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(starting).rejects.toThrow(says);
  });
});

/** What a killed process leaves: a file that nobody listens on. */
async function leaveDeadSocket(path: string): Promise<void> {
  const { spawnSync } = await import("node:child_process");
  const program = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
  spawnSync(process.execPath, ["-e", program]);
  expect((await stat(path)).isSocket()).toBe(true);
}
