import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { TEST_IMAGE, probeDocker, testEngine } from "../../../../test/docker-engine.ts";
import { http } from "../../../../test/guard/attack.ts";
import { type GuardBench, type GuardBenchOptions, openGuardBench } from "../../../../test/guard/bench.ts";
import { requireOrSkip } from "../../../../test/require.ts";
import { HOST_LABELS, containerLabels, containerSpec } from "../container-spec.ts";
import { resolveDockerOptions } from "../docker-options.ts";
import { readHostIdentity } from "../host-identity.ts";

const DAY_MS = 86_400_000;
const FOREIGN = { machine: "elsewhere", pid: 1, startedAt: "1" };
/** Sees neither the end of its input nor anything else. */
const STUBBORN = "import time; time.sleep(600)";

const skip = await requireOrSkip("docker", probeDocker);

describe.skipIf(skip)("a guard's upkeep", () => {
  const benches: GuardBench[] = [];
  const made: string[] = [];
  afterAll(async () => {
    await Promise.all(benches.map((bench) => bench.close()));
    await Promise.allSettled(made.map((id) => testEngine.getContainer(id).remove()));
  });

  async function openBench(options: GuardBenchOptions): Promise<GuardBench> {
    const bench = await openGuardBench({ unsafeAnyProgram: true, ...options });
    benches.push(bench);
    return bench;
  }

  async function create(bench: GuardBench, labels: Record<string, string>, user?: string): Promise<string> {
    const { container } = resolveDockerOptions({ image: TEST_IMAGE });
    const settings = { ...container, user: user ?? container.user };
    const path = `/containers/create?name=toolscript-${randomBytes(8).toString("hex")}`;
    const answer = await bench.exchange(http("POST", path, containerSpec(settings, STUBBORN, labels)));
    const [, id] = /"Id":"([0-9a-f]{64})"/.exec(answer) ?? [];
    if (id === undefined) throw new Error(answer);
    made.push(id);
    return id;
  }

  async function readLabels(id: string): Promise<Record<string, string>> {
    return (await testEngine.getContainer(id).inspect()).Config.Labels;
  }

  test("[guard.labels] writes the labels itself, whatever the client says", async () => {
    const bench = await openBench({ maxLeaseMs: DAY_MS });
    const before = Date.now();
    const future = containerLabels(FOREIGN, before + 1_000 * DAY_MS, 1_000 * DAY_MS);
    const labels = await readLabels(await create(bench, future));
    const { machine, pid } = readHostIdentity();
    expect(labels).toMatchObject({ [HOST_LABELS.machine]: machine, [HOST_LABELS.pid]: String(pid) });
    const createdAt = Number(labels[HOST_LABELS.createdAt]);
    expect(createdAt).toBeGreaterThanOrEqual(before);
    expect(createdAt).toBeLessThanOrEqual(Date.now());
    expect(Number(labels[HOST_LABELS.leaseUntil])).toBe(createdAt + DAY_MS);
  });

  test("grants a lease that is shorter than its own, and takes one that makes no sense for none", async () => {
    const bench = await openBench({ maxLeaseMs: DAY_MS });
    const host = readHostIdentity();
    const shorter = containerLabels(host, Date.now(), DAY_MS / 2);
    expect(await readLabels(await create(bench, shorter))).toMatchObject({
      [HOST_LABELS.leaseUntil]: shorter[HOST_LABELS.leaseUntil],
    });
    for (const lease of ["never", "-1", "1e999", "0x7fffffffffff", ""]) {
      const labels = await readLabels(await create(bench, { ...shorter, [HOST_LABELS.leaseUntil]: lease }));
      expect(Number(labels[HOST_LABELS.leaseUntil])).toBe(Number(labels[HOST_LABELS.createdAt]) + DAY_MS);
    }
  });

  test("lets users of its own range pass and no others", async () => {
    const bench = await openBench({ userIds: { first: 20_000, last: 20_001 } });
    const labels = containerLabels(readHostIdentity(), Date.now());
    await create(bench, labels, "20001:20001");
    for (const user of ["20002:20002", "2013265920:2013265920", "0:0"]) {
      await expect(create(bench, labels, user)).rejects.toThrow(/403 Forbidden[^]*User/);
    }
  });

  test("removes a container that does not end with its connection", { timeout: 60_000 }, async () => {
    const bench = await openBench({});
    const id = await create(bench, containerLabels(FOREIGN, Date.now()));
    const socket = connect({ path: bench.socketPath });
    const upgrade = ["Connection: Upgrade", "Upgrade: tcp"];
    socket.write(http("POST", `/containers/${id}/attach?stream=1&stdin=1&stderr=1`, undefined, upgrade));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString("latin1")).toMatch(/^HTTP\/1\.1 101 /);
    await bench.exchange(http("POST", `/containers/${id}/start`));
    const gone = testEngine.getContainer(id).wait("removed");
    socket.destroy();
    await gone;
    await expect(readLabels(id)).rejects.toMatchObject({ statusCode: 404 });
  });

  test(
    "removes what has outlived its lease, also of other guards and hosts",
    { timeout: 60_000 },
    async () => {
      const { container } = resolveDockerOptions({ image: TEST_IMAGE });
      const start = async (leaseMs: number): Promise<string> => {
        const labels = containerLabels(FOREIGN, Date.now(), leaseMs);
        const { id } = await testEngine.createContainer(containerSpec(container, STUBBORN, labels));
        made.push(id);
        await testEngine.getContainer(id).start();
        return id;
      };
      const [expired, kept] = [await start(0), await start(DAY_MS)];
      const gone = testEngine.getContainer(expired).wait("removed");
      await openBench({ reapEveryMs: 100 });
      await gone;
      expect(await readLabels(kept)).toMatchObject({ [HOST_LABELS.machine]: "elsewhere" });
    },
  );
});
