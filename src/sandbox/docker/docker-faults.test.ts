import { afterAll, describe, expect, test } from "vitest";
import {
  TEST_IMAGE,
  buildImage,
  createCellReader,
  listContainersOf,
  probeDocker,
  removeImage,
  sendCell,
  testEngine,
} from "../../../test/docker-engine.ts";
import { requireOrSkip } from "../../../test/require.ts";
import type { ToolscriptError } from "../../errors.ts";
import type { SandboxSession } from "../sandbox.ts";
import type { DockerOptions } from "./docker-options.ts";
import { docker } from "./docker.ts";

/** The error of a sandbox that cannot open a session. Nothing of the attempt may stay. */
async function openError(options: DockerOptions): Promise<ToolscriptError> {
  const sandbox = docker(options);
  try {
    await sandbox.open();
  } catch (error) {
    return error as ToolscriptError;
  } finally {
    await sandbox.close();
  }
  throw new Error("the session was opened");
}

describe("docker().open() without a daemon", () => {
  test("throws `docker-unreachable` naming the address when nothing listens there", async () => {
    const error = await openError({ host: "unix:///nowhere/docker.sock" });
    expect(error.code).toBe("docker-unreachable");
    expect(error.message).toBe(
      'Looking at the image failed: no Docker daemon answers at "unix:///nowhere/docker.sock" (from the option `host`) (ENOENT); start it, or name its address with DOCKER_HOST',
    );
  });

  test("throws `docker-unreachable` when the port is closed", async () => {
    const error = await openError({ host: "tcp://127.0.0.1:1" });
    expect(error).toMatchObject({ code: "docker-unreachable" });
    expect(error.message).toContain("ECONNREFUSED");
  });

  test("throws `docker-unreachable` when the address is none", () => {
    expect(() => docker({ host: "nonsense://" })).toThrow('"nonsense://"');
  });
});

describe.skipIf(await requireOrSkip("docker", probeDocker))("docker().open()", () => {
  const images: string[] = [];
  const build = async (...[name, ...rest]: Parameters<typeof buildImage>) => {
    images.push(name);
    return await buildImage(name, ...rest);
  };
  afterAll(async () => {
    await Promise.all(images.map(removeImage));
  });

  test("throws `docker-image-missing` with the command that gets the image", async () => {
    const error = await openError({ image: "nobody/has:this" });
    expect(error.code).toBe("docker-image-missing");
    expect(error.message).toContain("docker pull nobody/has:this");
    expect(error.message).toContain("npm run image:debian");
  });

  test("names the command that makes our own image", async () => {
    const error = await openError({ image: "toolscript/python:other" });
    expect(error.code).toBe("docker-image-missing");
    expect(error.message).not.toContain("docker pull");
    expect(error.message).toContain("npm run image:debian");
  });

  test("throws `docker-python-missing` when the image has no python3", async () => {
    const image = await build(
      "toolscript/test:no-python",
      "FROM scratch\nCOPY Dockerfile /\nENV PATH=/bin\n",
    );
    const error = await openError({ image });
    expect(error.code).toBe("docker-python-missing");
    expect(error.message).toContain("use an image with Python 3.9 or later");
    expect(await listContainersOf()).toEqual([]);
  });

  test("throws `docker-python-missing` when the image's python3 is too old", async () => {
    const image = await build(
      "toolscript/test:old-python",
      `FROM ${TEST_IMAGE}\nCOPY sitecustomize.py /usr/local/lib/python3.11/dist-packages/sitecustomize.py\nCOPY sitecustomize.py /usr/lib/python3.11/sitecustomize.py\n`,
      { "sitecustomize.py": "import sys\nsys.version_info = (3, 8, 20, 'final', 0)\n" },
    );
    const error = await openError({ image });
    expect(error.code).toBe("docker-python-missing");
    expect(error.message).toContain("too old");
  });

  test("refuses an image with volumes", async () => {
    const image = await build("toolscript/test:volume", `FROM ${TEST_IMAGE}\nVOLUME /data\n`);
    const error = await openError({ image });
    expect(error).toMatchObject({ code: "invalid-argument" });
    expect(error.message).toContain('"/data"');
  });

  test("runs no entry point and no health check of the image", async () => {
    const image = await build(
      "toolscript/test:entrypoint",
      `FROM ${TEST_IMAGE}\nENTRYPOINT ["false"]\nHEALTHCHECK CMD false\n`,
    );
    const sandbox = docker({ image });
    const session = await sandbox.open();
    expect(session.python).toMatch(/^3\./);
    await sandbox.close();
  });

  test("throws `docker-failed` with the daemon's words when it refuses", async () => {
    const error = await openError({ image: TEST_IMAGE, runtime: "no-such-runtime" });
    expect(error.code).toBe("docker-failed");
    expect(error.message).toContain("no-such-runtime");
    expect(await listContainersOf()).toEqual([]);
  });

  test("throws `sandbox-timeout` when the container does not answer in time", async () => {
    const error = await openError({ image: TEST_IMAGE, startTimeoutMs: 1 });
    expect(error.code).toBe("sandbox-timeout");
    expect(await listContainersOf()).toEqual([]);
  });
});

describe.skipIf(await requireOrSkip("docker", probeDocker))("a live session", () => {
  const sandbox = docker({ image: TEST_IMAGE, memoryMb: 64 });
  let session: SandboxSession;
  let reader: ReturnType<typeof createCellReader>;

  afterAll(async () => {
    await sandbox.close();
    expect(await listContainersOf()).toEqual([]);
  });

  async function begin(code: string): Promise<void> {
    session = await sandbox.open();
    reader = createCellReader(session);
    sendCell(session, code);
  }
  const container = () => testEngine.getContainer(session.id);

  test.each(["one", "two", "three"])(
    "ends with `sandbox-out-of-memory` when the kernel kills it (%s)",
    async () => {
      await begin("hog = []\nwhile True: hog.append(bytearray(1_000_000))");
      await expect(reader.readCell()).rejects.toMatchObject({
        code: "sandbox-out-of-memory",
        message: expect.stringContaining('"64" MiB') as string,
      });
      await session.close();
    },
  );

  test("ends with `docker-killed` when it is killed from outside", async () => {
    await begin("print('here', flush=True)\nwhile True: pass");
    await reader.nextFrame();
    await container().kill();
    await expect(reader.readCell()).rejects.toMatchObject({ code: "docker-killed" });
    await session.close();
  });

  test("ends with `docker-killed` when it is removed from outside", async () => {
    await begin("print('here', flush=True)\nwhile True: pass");
    await reader.nextFrame();
    await container().remove();
    await expect(reader.readCell()).rejects.toMatchObject({ code: "docker-killed" });
    await session.close();
  });

  test("ends with `sandbox-ended` and the exit code when the interpreter ends itself", async () => {
    await begin("import os\nos._exit(7)");
    await expect(reader.readCell()).rejects.toMatchObject({
      code: "sandbox-ended",
      message: expect.stringContaining('exit code "7"') as string,
    });
    await session.close();
  });

  test("ends with `docker-paused` when it is interrupted while paused, and close() removes it", async () => {
    // It sleeps: the kernel's freezer of cgroup v1 may fail at a process that computes.
    await begin("import time\nprint('here', flush=True)\ntime.sleep(600)");
    await reader.nextFrame();
    await container().pause();
    session.interrupt();
    await expect(reader.readCell()).rejects.toMatchObject({
      code: "docker-paused",
      message: expect.stringContaining("docker unpause") as string,
    });
    await session.close();
    await expect(container().inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  test("does not disturb another one that runs beside it", async () => {
    const other = await sandbox.open();
    await begin("hog = []\nwhile True: hog.append(bytearray(1_000_000))");
    await expect(reader.readCell()).rejects.toMatchObject({ code: "sandbox-out-of-memory" });
    const otherReader = createCellReader(other);
    sendCell(other, "print('fine')");
    expect((await otherReader.readCell()).text).toBe("fine\n");
  });
});
