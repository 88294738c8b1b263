import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  TEST_IMAGE,
  listContainersOf,
  probeDocker,
  startHost,
  testEngine,
  waitForNoContainersOf,
} from "../../../test/docker-engine.ts";
import { requireOrSkip } from "../../../test/require.ts";
import { HOST_LABELS, containerLabels, containerSpec } from "./container-spec.ts";
import { resolveDockerOptions } from "./docker-options.ts";
import { resolveEngineAddress } from "./engine-address.ts";
import { type DockerSandbox, docker } from "./docker.ts";
import { type HostIdentity, readHostIdentity } from "./host-identity.ts";

const HOST_PROGRAM = fileURLToPath(new URL("../../../test/fixtures/docker-host.ts", import.meta.url));
/** Longer than any single wait in it should take, far shorter than the sleep of the containers. */
const TIMEOUT_MS = 90_000;

const skip = await requireOrSkip("docker", probeDocker);

describe.skipIf(skip)("a host that is killed", () => {
  test(
    "with ten live sessions, some in endless loops, leaves no container",
    async () => {
      const { child, line, pid } = await startHost(HOST_PROGRAM, [TEST_IMAGE, "10"]);
      expect(line).toBe("10 sessions");
      expect(await listContainersOf(pid)).toHaveLength(10);
      child.kill("SIGKILL");
      await once(child, "exit");
      await waitForNoContainersOf(pid);
      expect(await listContainersOf(pid)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(skip)("docker().reap()", () => {
  const self = readHostIdentity();
  let sandbox: DockerSandbox;
  const made: string[] = [];

  beforeAll(() => {
    sandbox = docker({ image: TEST_IMAGE, reapAfterMs: 60_000 });
  });
  afterAll(async () => {
    await sandbox.close();
    await Promise.allSettled(made.map((id) => testEngine.getContainer(id).remove()));
  });

  /** A container that does not notice that its host is gone, started for `host`. */
  async function startStubborn(host: HostIdentity, createdAtMs = Date.now()): Promise<string> {
    const settings = resolveDockerOptions({ image: TEST_IMAGE }).container;
    const labels = containerLabels(host, createdAtMs);
    const spec = containerSpec(settings, "import time; time.sleep(600)", labels);
    const container = await testEngine.createContainer(spec);
    await container.start();
    made.push(container.id);
    return container.id;
  }

  test("removes what a dead host left, and nothing of live or unknown hosts", async () => {
    const dead = await startStubborn({ ...self, startedAt: "1" });
    const old = await startStubborn({ ...self, machine: "elsewhere" }, Date.now() - 61_000);
    const mine = await startStubborn(self);
    const elsewhere = await startStubborn({ ...self, machine: "elsewhere" });

    const removed = await sandbox.reap();
    expect(removed).toEqual(expect.arrayContaining([dead, old]));
    expect(removed).not.toContain(mine);
    expect(removed).not.toContain(elsewhere);
    for (const id of [dead, old]) {
      await expect(testEngine.getContainer(id).inspect()).rejects.toMatchObject({ statusCode: 404 });
    }
    for (const id of [mine, elsewhere]) {
      expect((await testEngine.getContainer(id).inspect()).State.Running).toBe(true);
    }
  });

  test("happens by itself beside the first start", async () => {
    const dead = await startStubborn({ ...self, startedAt: "2" });
    const gone = testEngine.getContainer(dead).wait("removed");
    const session = await sandbox.open();
    await expect(gone).resolves.toBeDefined();
    await session.close();
  });

  test("leaves alone what is not of this sandbox", async () => {
    const container = await testEngine.createContainer({
      Image: TEST_IMAGE,
      Cmd: ["sleep", "600"],
      Labels: { [HOST_LABELS.pid]: "1" },
    });
    made.push(container.id);
    expect(await sandbox.reap()).not.toContain(container.id);
    expect((await container.inspect()).State.Status).toBe("created");
  });
});

describe.skipIf(skip)("a daemon that is out of reach when a session is closed", () => {
  /** A way to the daemon that can be cut. */
  async function openWay() {
    const folder = await mkdtemp(join(tmpdir(), "toolscript-way-"));
    const path = join(folder, "docker.sock");
    const { path: socketPath } = resolveEngineAddress(undefined).transport as { path: string };
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(socketPath);
      for (const socket of [near, far]) sockets.add(socket.on("error", () => {}));
      near.pipe(far).pipe(near);
    });
    const open = async (): Promise<void> => void (await once(server.listen(path), "listening"));
    const cut = (): void => {
      server.close();
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    };
    await open();
    return { host: `unix://${path}`, open, cut, remove: () => rm(folder, { recursive: true, force: true }) };
  }

  test(
    "gets its container removed once it answers again",
    async () => {
      const way = await openWay();
      const sandbox = docker({ image: TEST_IMAGE, host: way.host });
      try {
        const session = await sandbox.open();
        const container = testEngine.getContainer(session.id);
        await container.pause(); // it cannot end with its input
        way.cut();
        await session.close();
        await expect(sandbox.open()).rejects.toMatchObject({ code: "docker-unreachable" });
        expect((await container.inspect()).State.Paused).toBe(true);

        await way.open();
        await sandbox.open();
        await sandbox.close();
        await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
      } finally {
        way.cut();
        await sandbox.close();
        await way.remove();
      }
    },
    TIMEOUT_MS,
  );
});
