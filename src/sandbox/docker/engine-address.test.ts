import { describe, expect, test } from "vitest";
import { resolveEngineAddress } from "./engine-address.ts";

const resolve = (DOCKER_HOST: string) => resolveEngineAddress(undefined, { DOCKER_HOST });

describe("resolveEngineAddress()", () => {
  test("reads a socket from DOCKER_HOST", () => {
    const { client, shown } = resolve("unix:///run/other.sock");
    expect(client).toMatchObject({ socketPath: "/run/other.sock", host: "" });
    expect(shown).toBe('"unix:///run/other.sock" (from DOCKER_HOST)');
  });

  test("prefers the option to DOCKER_HOST and says so", () => {
    const { client, shown } = resolveEngineAddress("unix:///a", { DOCKER_HOST: "unix:///b" });
    expect(client).toMatchObject({ socketPath: "/a" });
    expect(shown).toBe('"unix:///a" (from the option `host`)');
  });

  test.each([
    ["tcp://engine:1234", { protocol: "http", host: "engine", port: "1234" }],
    ["engine:1234", { protocol: "http", host: "engine", port: "1234" }],
    ["tcp://engine", { protocol: "http", host: "engine", port: 2375 }],
    ["tcp://engine:2376", { protocol: "https", host: "engine", port: "2376" }],
    ["ssh://me@engine", { protocol: "ssh", host: "engine", port: 22, username: "me" }],
  ])("reads %s", (named, client) => {
    expect(resolve(named).client).toMatchObject(client);
  });

  test("uses the local socket when nothing is named", () => {
    expect(resolveEngineAddress(undefined, {}).shown).toMatch(/docker/);
  });

  test.each(["tcp://", "ftp://engine", "http://a b", "://"])(
    "throws `docker-unreachable` naming the value when DOCKER_HOST is %s",
    (named) => {
      expect(() => resolve(named)).toThrow(
        expect.objectContaining({
          code: "docker-unreachable",
          message: expect.stringContaining(`"${named}" (from DOCKER_HOST) is no address`) as string,
        }),
      );
    },
  );
});
