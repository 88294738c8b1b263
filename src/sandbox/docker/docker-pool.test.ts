import { afterEach, describe, expect, test } from "vitest";
import {
  TEST_IMAGE,
  createCellReader,
  listContainersOf,
  probeDocker,
  runCell,
  sendCell,
  testEngine,
} from "../../../test/docker-engine.ts";
import { requireOrSkip } from "../../../test/require.ts";
import type { SandboxSession } from "../sandbox.ts";
import type { PoolEvent, PoolOptions } from "../pool.ts";
import { type DockerSandbox, docker } from "./docker.ts";

const TIMEOUT_MS = 90_000;

describe.skipIf(await requireOrSkip("docker", probeDocker))("docker({ pool })", () => {
  let sandbox: DockerSandbox;
  const events: PoolEvent[] = [];
  let notify = () => {};

  function create(options: Partial<PoolOptions> = {}): void {
    events.length = 0;
    const onEvent = (event: PoolEvent) => {
      events.push(event);
      notify();
    };
    sandbox = docker({ image: TEST_IMAGE, pool: { size: 2, onEvent, ...options } });
  }
  async function until(isDone: () => boolean): Promise<void> {
    while (!isDone()) await new Promise<void>((resolve) => (notify = resolve));
  }
  const warm = (count: number) => until(() => sandbox.stats().warm === count);

  afterEach(async () => {
    await sandbox.close();
    expect(await listContainersOf()).toEqual([]);
  });

  test("keeps containers ready, hands each out once, and refills", async () => {
    create();
    await warm(2);
    const sessions = [await sandbox.open(), await sandbox.open()];
    expect(sandbox.stats()).toMatchObject({ inUse: 2, opened: 2, openedWarm: 2 });
    expect(
      await runCell(sessions[0] as SandboxSession, "open('/tmp/mine', 'w').write('x'); print('made')"),
    ).toBe("made\n");
    await sessions[0]?.close();
    await warm(2);
    const next = await sandbox.open();
    expect(sessions.map(({ id }) => id)).not.toContain(next.id);
    expect(await runCell(next, "import os; print(os.listdir('/tmp'))")).toBe("[]\n");
  });

  test("replaces a container that was killed while it waited", async () => {
    create({ size: 1 });
    await warm(1);
    const [id = ""] = await listContainersOf();
    await testEngine.getContainer(id).kill();
    await until(() => sandbox.stats().lost === 1);
    const session = await sandbox.open();
    expect(await runCell(session, "print('alive')")).toBe("alive\n");
  });

  test("replaces a container that grew too old", async () => {
    create({ size: 1, maxAgeMs: 200 });
    await until(() => sandbox.stats().expired >= 1);
    const session = await sandbox.open();
    expect(await runCell(session, "print('young')")).toBe("young\n");
  });

  test(
    "serves a burst larger than itself in order, never with more than `maxOpen`",
    async () => {
      create({ size: 2, maxOpen: 4, maxConcurrentStarts: 2 });
      await warm(2);
      let most = 0;
      const served: number[] = [];
      await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const session = await sandbox.open();
          served.push(index);
          const { inUse, warm: ready, starting } = sandbox.stats();
          most = Math.max(most, inUse + ready + starting);
          const reader = createCellReader(session);
          sendCell(session, `print(${index})`);
          expect((await reader.readCell()).text).toBe(`${index}\n`);
          await session.close();
        }),
      );
      expect(most).toBeLessThanOrEqual(4);
      expect(served).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    },
    TIMEOUT_MS,
  );

  test("refuses with `pool-exhausted` when all are in use past the deadline", async () => {
    create({ size: 1, maxOpen: 1, queueTimeoutMs: 50 });
    await warm(1);
    await sandbox.open();
    await expect(sandbox.open()).rejects.toMatchObject({
      code: "pool-exhausted",
      message: expect.stringContaining('"1" in use, "0" starting, at most "1"') as string,
    });
  });

  test("close() while containers are starting leaves none", async () => {
    create({ size: 4, maxConcurrentRefills: 4 });
    await until(() => sandbox.stats().starting === 4);
    await sandbox.close();
    expect(await listContainersOf()).toEqual([]);
  });
});
