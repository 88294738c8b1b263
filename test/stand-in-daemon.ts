/**
 * A server in a Docker daemon's place, for answers that a real daemon gives too seldom for a test.
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type RequestListener, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Listens until the test ends. Returns the path of its socket. */
export async function openStandInDaemon(answer: RequestListener): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "toolscript-stand-in-"));
  const socketPath = join(folder, "docker.sock");
  const server = createServer(answer).listen(socketPath);
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  return socketPath;
}
