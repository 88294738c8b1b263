import { expect, test } from "vitest";
import { openStandInDaemon } from "../../../../test/stand-in-daemon.ts";
import { type Daemon, openDaemon } from "./daemon.ts";

/** A daemon that answers everything with `status`. */
async function openAnswering(status: number): Promise<Daemon> {
  return openDaemon(await openStandInDaemon((_request, answer) => answer.writeHead(status).end("{}")));
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
