import { describe, expect, test, vi } from "vitest";
import { TEST_IMAGE, listContainersOf, probeDocker, testEngine } from "../../../test/docker-engine.ts";
import { requireOrSkip } from "../../../test/require.ts";
import { RunningServer } from "../../../test/running-server.ts";
import { createUserFolder } from "../../../test/user-folder.ts";

vi.setConfig({ testTimeout: 120_000 });

describe.skipIf(await requireOrSkip("docker", probeDocker))("serve with the Docker sandbox", () => {
  test("serve shows its pool at /metrics, and logs a container that is lost from it", async () => {
    await using folder = await createUserFolder({
      "serve.json": JSON.stringify({ sandbox: "docker", docker: { image: TEST_IMAGE, warm: 1 } }),
    });
    await using server = new RunningServer(["--config", "serve.json"], {}, folder.path);
    const { url } = await server.waitFor("listening");
    const readMetrics = async () => await (await fetch(`${String(url)}/metrics`)).text();
    const isWarm = 'toolscript_pool_sessions{state="warm"} 1\n';
    await vi.waitUntil(async () => (await readMetrics()).includes(isWarm), { timeout: 60_000 });

    const [id = ""] = await listContainersOf(server.pid);
    const container = testEngine.getContainer(id);
    const { Name } = await container.inspect();
    await container.kill();
    expect(await server.waitFor("pool-lost")).toMatchObject({
      level: "warn",
      session: Name.slice(1), // the daemon writes a slash before it
      why: "ended",
    });
    expect(await readMetrics()).toContain("\ntoolscript_pool_lost_total 1\n");
    expect(await server.stop()).toBe(0);
    expect(await listContainersOf(server.pid)).toEqual([]);
  });
});
