import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TEST_IMAGE, createCellReader, sendCell } from "../../../test/docker-engine.ts";
import { type OwnDaemon, createOwnDaemon, probeOwnDaemon } from "../../../test/own-daemon.ts";
import { requireOrSkip } from "../../../test/require.ts";
import type { PoolEvent } from "../pool.ts";
import { type DockerSandbox, docker } from "./docker.ts";

const NOBODY = 65_534;
const TIMEOUT_MS = 120_000;

describe("docker().open()", () => {
  test("throws `docker-permission` when the socket refuses this user", async () => {
    const folder = await mkdtemp(join(tmpdir(), "toolscript-socket-"));
    const path = join(folder, "docker.sock");
    const server = createServer().listen(path);
    await once(server, "listening");
    await chmod(path, 0);
    const sandbox = docker({ host: `unix://${path}` });
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(NOBODY); // root may always
    const opening = sandbox.open();
    await expect(opening).rejects.toMatchObject({
      code: "docker-permission",
      message: expect.stringContaining("add the user to the group that owns the socket") as string,
    });
    if (isRoot) process.seteuid?.(0);
    await sandbox.close();
    server.close();
    await rm(folder, { recursive: true });
  });

  test("throws `docker-unreachable` naming DOCKER_HOST when that is where nobody answers", async () => {
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1");
    const sandbox = docker();
    vi.unstubAllEnvs();
    await expect(sandbox.open()).rejects.toMatchObject({
      code: "docker-unreachable",
      message: expect.stringContaining('"tcp://127.0.0.1:1" (from DOCKER_HOST)') as string,
    });
    await sandbox.close();
  });
});

describe.skipIf(await requireOrSkip("docker", probeOwnDaemon))("a daemon in trouble", () => {
  let daemon: OwnDaemon;
  let sandbox: DockerSandbox | undefined;

  beforeAll(async () => {
    daemon = await createOwnDaemon();
    await daemon.start();
    await daemon.load(TEST_IMAGE);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await sandbox?.close();
    await daemon.remove();
  }, TIMEOUT_MS);

  async function openWithCall() {
    sandbox = docker({ image: TEST_IMAGE, host: daemon.host });
    const session = await sandbox.open();
    const reader = createCellReader(session);
    void session.send([{ type: "tools", tools: [{ name: "wait", python: "wait", parameters: [] }] }]);
    sendCell(session, "await wait()");
    expect(await reader.nextFrame()).toMatchObject({ type: "call" });
    return { sandbox, session, reader };
  }

  test.each(["SIGTERM", "SIGKILL"] as const)(
    "that is stopped with %s in mid-script ends the session with `docker-daemon-lost`; once it is back, all is well",
    async (signal) => {
      const before = await openWithCall();
      await Promise.all([
        daemon.stop(signal),
        expect(before.reader.readCell()).rejects.toMatchObject({ code: "docker-daemon-lost" }),
      ]);
      await before.session.close();
      await expect(before.sandbox.open()).rejects.toMatchObject({ code: "docker-unreachable" });

      await daemon.start();
      const session = await before.sandbox.open();
      const reader = createCellReader(session);
      sendCell(session, "print('back')");
      expect((await reader.readCell()).text).toBe("back\n");
      await before.sandbox.close();
      expect(await daemon.listContainers()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "that dies empties the pool, which fills again by itself once the daemon is back",
    async () => {
      const events: PoolEvent[] = [];
      let notify = () => {};
      const onEvent = (event: PoolEvent) => {
        events.push(event);
        notify();
      };
      const until = async (isDone: () => boolean) => {
        while (!isDone()) await new Promise<void>((resolve) => (notify = resolve));
      };
      const pooled = docker({ image: TEST_IMAGE, host: daemon.host, pool: { size: 2, onEvent } });
      sandbox = pooled;
      await until(() => pooled.stats().warm === 2);

      await daemon.stop("SIGKILL");
      await until(() => events.some(({ type }) => type === "start-failed"));
      expect(pooled.stats()).toMatchObject({ warm: 0, lost: 2 });
      await expect(pooled.open()).rejects.toMatchObject({ code: "docker-unreachable" });

      await daemon.start();
      await until(() => pooled.stats().warm === 2);
      expect(pooled.stats().retryInMs).toBe(0);
      await pooled.close();
      expect(await daemon.listContainers()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "that hangs is given up at the deadline, with a session that is closed and one that is opened",
    async () => {
      const hung = docker({ image: TEST_IMAGE, host: daemon.host, requestTimeoutMs: 500, closeGraceMs: 500 });
      sandbox = hung;
      const session = await hung.open();
      daemon.hang(true);
      await expect(hung.open()).rejects.toMatchObject({ code: "sandbox-timeout" });
      await expect(session.close()).rejects.toMatchObject({ code: "sandbox-timeout" });
      daemon.hang(false);
      await hung.close();
      // It works off what it was asked for meanwhile; nothing may be left in the end.
      await vi.waitUntil(async () => (await daemon.listContainers()).length === 0, { timeout: TIMEOUT_MS });
    },
    TIMEOUT_MS,
  );

  test(
    "whose disk is full refuses with `docker-disk-full`",
    async () => {
      const full = docker({ image: TEST_IMAGE, host: daemon.host });
      sandbox = full;
      const makeRoom = await daemon.fillDisk();
      await expect(full.open()).rejects.toMatchObject({
        code: "docker-disk-full",
        message: expect.stringContaining("docker system prune") as string,
      });
      await makeRoom();
      await full.open();
      await full.close();
      expect(await daemon.listContainers()).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
