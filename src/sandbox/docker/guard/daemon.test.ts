import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Daemon, openDaemon } from "./daemon.ts";

/** A daemon that answers everything with `status`. */
async function openAnswering(status: number): Promise<Daemon> {
  const folder = await mkdtemp(join(tmpdir(), "toolscript-guard-daemon-"));
  const socketPath = join(folder, "docker.sock");
  const server = createServer((_request, answer) => answer.writeHead(status).end("{}")).listen(socketPath);
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  return openDaemon(socketPath);
}

test.each([
  ["a listing", (daemon: Daemon) => daemon.listOurs()],
  ["a look at an image", (daemon: Daemon) => daemon.imageVolumes("image")],
  ["a look at a container", (daemon: Daemon) => daemon.findContainer("name")],
])("%s that the daemon fails to answer is an error, so that no rule is passed over", async (_what, ask) => {
  await expect(ask(await openAnswering(500))).rejects.toThrow("the daemon answered 500 to GET /");
});

test("what the daemon does not have is undefined, or has no volumes", async () => {
  const daemon = await openAnswering(404);
  expect([await daemon.findContainer("name"), await daemon.imageVolumes("image")]).toEqual([undefined, []]);
});
