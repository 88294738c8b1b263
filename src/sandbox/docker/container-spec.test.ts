import { describe, expect, test } from "vitest";
import { TEST_IMAGE, listContainersOf, probeDocker, testEngine } from "../../../test/docker-engine.ts";
import { requireOrSkip } from "../../../test/require.ts";
import { stdioBootstrap } from "../runner-source.ts";
import { HOST_LABELS, SANDBOX_LABEL, containerLabels, containerSpec } from "./container-spec.ts";
import { resolveDockerOptions } from "./docker-options.ts";
import { docker } from "./docker.ts";
import { readHostIdentity } from "./host-identity.ts";
import { DEFAULT_USER_IDS, isDrawnUser } from "./user-ids.ts";

const spec = (options = {}) =>
  containerSpec(resolveDockerOptions({ image: "i", ...options }).container, "pass", {});

describe("containerSpec()", () => {
  test("is the same for the same settings", () => {
    expect(spec()).toEqual(spec());
  });

  test("carries limits that were lowered", () => {
    const { HostConfig } = spec({ memoryMb: 64, cpus: 0.5, pids: 8, tmpfsMb: 2, maxCpuSeconds: 9 });
    expect(HostConfig).toMatchObject({
      Memory: 64 * 2 ** 20,
      MemorySwap: 64 * 2 ** 20,
      NanoCpus: 5e8,
      PidsLimit: 8,
      Tmpfs: { "/tmp": expect.stringContaining("size=2m") as string },
      Ulimits: expect.arrayContaining([
        { Name: "cpu", Soft: 9, Hard: 9 },
        { Name: "fsize", Soft: 2 * 2 ** 20, Hard: 2 * 2 ** 20 },
      ]) as unknown,
    });
  });

  test("names a runtime only when one was chosen", () => {
    expect(spec().HostConfig).not.toHaveProperty("Runtime");
    expect(spec({ runtime: "runsc" }).HostConfig).toHaveProperty("Runtime", "runsc");
  });

  test("has a network only when the unsafe option names one", () => {
    expect(spec()).toMatchObject({ NetworkDisabled: true, HostConfig: { NetworkMode: "none" } });
    expect(spec({ unsafeNetwork: "bridge" })).toMatchObject({
      NetworkDisabled: false,
      HostConfig: { NetworkMode: "bridge" },
    });
  });
});

describe.skipIf(await requireOrSkip("docker", probeDocker))("containerSpec() in a daemon", () => {
  test("[docker.own-user] is what `docker inspect` shows of a live session, field by field", async () => {
    const sandbox = docker({ image: TEST_IMAGE });
    await sandbox.open();
    const [id = ""] = await listContainersOf();
    const { Config, HostConfig, State, Mounts, NetworkSettings } = await testEngine
      .getContainer(id)
      .inspect();
    await sandbox.close();

    const labels = containerLabels(readHostIdentity(), Number(Config.Labels[HOST_LABELS.createdAt]));
    const settings = { ...resolveDockerOptions({ image: TEST_IMAGE }).container, user: Config.User };
    const wanted = containerSpec(settings, stdioBootstrap(), labels);
    expect(isDrawnUser(Config.User, DEFAULT_USER_IDS)).toBe(true);
    const { HostConfig: wantedHostConfig, Env: wantedEnv, ...wantedConfig } = wanted;
    expect(Config).toMatchObject(wantedConfig);
    expect(Config.Env).toEqual(expect.arrayContaining(wantedEnv));
    // A daemon adds what it knows of the image, and nothing else.
    expect(Object.keys(Config.Labels).filter((name) => !(name in labels))).toEqual([
      "toolscript.image.recipe",
    ]);
    expect(HostConfig).toMatchObject(wantedHostConfig);
    expect(dangers(HostConfig)).toEqual([]);
    expect(State).toMatchObject({ Running: true, Paused: false });
    expect(Mounts).toEqual([]);
    expect(NetworkSettings.Networks).toEqual({});
    expect(Config.Labels[SANDBOX_LABEL]).toBe("1");
  });
});

/** Fields that the request does not name and that would open something, with a value that does. */
function dangers(shown: Readonly<Record<string, unknown>>): string[] {
  const opening = [
    "Binds",
    "Devices",
    "DeviceRequests",
    "DeviceCgroupRules",
    "Mounts",
    "Links",
    "ExtraHosts",
    "Sysctls",
    "PortBindings",
    "VolumesFrom",
    "Dns",
    "CgroupParent",
  ];
  return opening.filter((name) => {
    const value = shown[name];
    return value !== null && value !== undefined && value !== "" && Object.keys(value).length > 0;
  });
}
