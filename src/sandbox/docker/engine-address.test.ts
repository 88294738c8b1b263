import { describe, expect, test } from "vitest";
import { resolveEngineAddress } from "./engine-address.ts";

const resolve = (DOCKER_HOST: string) => resolveEngineAddress(undefined, { DOCKER_HOST });

describe("resolveEngineAddress()", () => {
  test("reads a socket from DOCKER_HOST", () => {
    const { transport, shown } = resolve("unix:///run/other.sock");
    expect(transport).toEqual({ kind: "socket", path: "/run/other.sock" });
    expect(shown).toBe('"unix:///run/other.sock" (from DOCKER_HOST)');
  });

  test("prefers the option to DOCKER_HOST and says so", () => {
    const { transport, shown } = resolveEngineAddress("unix:///a", { DOCKER_HOST: "unix:///b" });
    expect(transport).toEqual({ kind: "socket", path: "/a" });
    expect(shown).toBe('"unix:///a" (from the option `host`)');
  });

  test.each([
    ["npipe:////./pipe/docker_engine", { kind: "socket", path: "//./pipe/docker_engine" }],
    ["tcp://engine:1234", { kind: "tcp", host: "engine", port: 1234 }],
    ["engine:1234", { kind: "tcp", host: "engine", port: 1234 }],
    ["http://engine:80", { kind: "tcp", host: "engine", port: 80 }],
    ["tcp://engine", { kind: "tcp", host: "engine", port: 2375 }],
    ["tcp://[fe80::1]:2375", { kind: "tcp", host: "fe80::1", port: 2375 }],
    ["tcp://engine:2376", { kind: "tls", host: "engine", port: 2376, certificates: {} }],
    ["https://engine:443", { kind: "tls", host: "engine", port: 443, certificates: {} }],
    ["ssh://me@engine", { kind: "ssh", host: "engine", user: "me" }],
    ["ssh://engine.example:2222/", { kind: "ssh", host: "engine.example", port: 2222 }],
    ["ssh://[::1]", { kind: "ssh", host: "::1" }],
  ])("reads %s", (named, transport) => {
    expect(resolve(named).transport).toEqual(transport);
  });

  test("takes TLS when DOCKER_TLS_VERIFY is set, whatever to", () => {
    const { transport } = resolveEngineAddress("tcp://engine", { DOCKER_TLS_VERIFY: "true" });
    expect(transport).toEqual({ kind: "tls", host: "engine", port: 2376, certificates: {} });
  });

  test("throws `docker-unreachable` naming the file when a certificate is missing", () => {
    const environment = { DOCKER_CERT_PATH: "/nowhere", DOCKER_TLS_VERIFY: "1" };
    expect(() => resolveEngineAddress("tcp://engine", environment)).toThrow(
      expect.objectContaining({
        code: "docker-unreachable",
        message: expect.stringContaining("/nowhere/ca.pem") as string,
      }),
    );
  });

  test("uses the local socket when nothing is named", () => {
    expect(resolveEngineAddress(undefined, {}).shown).toMatch(/docker/);
  });

  test.each([
    "tcp://",
    "ftp://engine",
    "http://a b",
    "://",
    "ssh://",
    "ssh://-oProxyCommand=id",
    "ssh://-l@engine",
    "ssh://me:secret@engine",
    "ssh://engine/run/docker.sock",
    "ssh://engine;id",
  ])("throws `docker-unreachable` naming the value when DOCKER_HOST is %s", (named) => {
    expect(() => resolve(named)).toThrow(
      expect.objectContaining({
        code: "docker-unreachable",
        message: expect.stringContaining(`"${named}" (from DOCKER_HOST) is no address`) as string,
      }),
    );
  });
});
