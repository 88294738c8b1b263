import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolveEngineAddress } from "./engine-address.ts";
import { openEngine } from "./engine.ts";
import { openDaemon } from "./guard/daemon.ts";

const REQUEST_TIMEOUT_MS = 10_000;
/** What a real daemon was seen to answer after a kill: "gone" is in its listing, and is no container for all else. */
const LISTED = { runs: "running", left: "dead", gone: "dead" };

describe("a container that the daemon lists as dead and knows no more", () => {
  let folder: string;
  let socketPath: string;
  const daemon = createServer(({ url = "" }, answer) => {
    const [, name = ""] = /\/containers\/([^/]+)\/json/.exec(url) ?? [];
    const body = name === "" ? Object.entries(LISTED).map(listed) : { Id: name, Config: {}, State: {} };
    const isGone = name === "gone";
    answer.writeHead(isGone ? 404 : 200, { "content-type": "application/json" });
    answer.end(JSON.stringify(isGone ? { message: "No such container: gone" } : body));
  });
  const listed = ([Id, State]: [string, string]) => ({ Id, State, Labels: {} });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "toolscript-dead-"));
    socketPath = join(folder, "docker.sock");
    await once(daemon.listen(socketPath), "listening");
  });
  afterAll(async () => {
    daemon.close();
    await rm(folder, { recursive: true });
  });

  test("is none for the reaper", async () => {
    const engine = openEngine(resolveEngineAddress(`unix://${socketPath}`), REQUEST_TIMEOUT_MS);
    expect((await engine.list()).map(({ id }) => id)).toEqual(["runs", "left"]);
  });

  test("takes no place of the guard's maximum", async () => {
    expect(await openDaemon(socketPath).listOurs()).toEqual(["runs", "left"]);
  });
});
