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
      user: "2013265920:2013265920",
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

  test("takes the numbers of users from the option, then from TOOLSCRIPT_DOCKER_USER_IDS", () => {
    const environment = { TOOLSCRIPT_DOCKER_USER_IDS: "20000-59999" };
    expect(resolveDockerOptions({}, environment).userIds).toEqual({ first: 20_000, last: 59_999 });
    const userIds = { first: 7, last: 8 };
    expect(resolveDockerOptions({ userIds }, environment)).toMatchObject({
      userIds,
      container: { user: "7:7" },
    });
    expect(resolveDockerOptions({ unsafeUser: "0:0" }, environment).userIds).toBeUndefined();
  });

  test.each(["0-10", "10-9", "20000", "1-2147483648", "a-b"])(
    "refuses numbers of users that are none: %s",
    (text) => {
      expect(() => resolveDockerOptions({}, { TOOLSCRIPT_DOCKER_USER_IDS: text })).toThrow(
        expect.objectContaining({ code: "invalid-argument" }),
      );
    },
  );

  test("refuses root among the numbers of users", () => {
    expect(() => resolveDockerOptions({ userIds: { first: 0, last: 5 } })).toThrow(/userIds/);
  });

  test("refuses an option that does not exist", () => {
    expect(() => resolveDockerOptions({ network: "bridge" } as DockerOptions)).toThrow(/network/);
  });
});
