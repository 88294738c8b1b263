import { describe, expect, test } from "vitest";
import { type DockerOptions, resolveDockerOptions } from "./docker-options.ts";

describe("resolveDockerOptions()", () => {
  test("fills in the hardened defaults", () => {
    expect(resolveDockerOptions({}, {}).container).toEqual({
      image: "python:3.13-slim",
      runtime: undefined,
      memoryMb: 512,
      cpus: 1,
      pids: 64,
      tmpfsMb: 64,
      maxCpuSeconds: 3_600,
      network: "none",
      user: "1000:1000",
    });
  });

  test("takes the image from the option, then from TOOLSCRIPT_DOCKER_IMAGE", () => {
    const environment = { TOOLSCRIPT_DOCKER_IMAGE: "from-environment" };
    expect(resolveDockerOptions({}, environment).container.image).toBe("from-environment");
    expect(resolveDockerOptions({ image: "named" }, environment).container.image).toBe("named");
  });

  test.each<DockerOptions>([{ memoryMb: 513 }, { cpus: 1.5 }, { pids: 65 }, { tmpfsMb: 65 }])(
    "refuses to raise a limit: %j",
    (options) => {
      expect(() => resolveDockerOptions(options)).toThrow(
        expect.objectContaining({
          code: "invalid-argument",
          message: expect.stringContaining("to raise one use `unsafeLimits`") as string,
        }),
      );
    },
  );

  test("raises limits, network and user through options that are named unsafe", () => {
    const { container } = resolveDockerOptions({
      unsafeLimits: { memoryMb: 2_048 },
      unsafeNetwork: "bridge",
      unsafeUser: "0:0",
    });
    expect(container).toMatchObject({ memoryMb: 2_048, network: "bridge", user: "0:0", pids: 64 });
  });

  test("refuses an option that does not exist", () => {
    expect(() => resolveDockerOptions({ network: "bridge" } as DockerOptions)).toThrow(/network/);
  });
});
