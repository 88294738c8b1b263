import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { joinConnections } from "./tunnel.ts";

const MANY = Buffer.alloc(3_000_000, "y");

/** Both ends of a real connection. */
async function makeConnection(): Promise<[Socket, Socket]> {
  const folder = await mkdtemp(join(tmpdir(), "toolscript-tunnel-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(join(folder, "s"), resolve));
  const near = connect({ path: join(folder, "s"), allowHalfOpen: true });
  const [far] = (await once(server, "connection")) as [Socket];
  server.close();
  return [near, far];
}

/** A client and a daemon that are joined. */
async function makeTunnel() {
  const [client, clientSide] = await makeConnection();
  const [daemon, daemonSide] = await makeConnection();
  for (const socket of [client, daemon, clientSide, daemonSide]) socket.on("error", () => {});
  joinConnections(clientSide, daemonSide);
  return { client, daemon, clientSide, daemonSide };
}

describe("joinConnections()", () => {
  test("passes the end of each direction on by itself", async () => {
    const { client, daemon } = await makeTunnel();
    client.end("question");
    expect((await buffer(daemon)).toString()).toBe("question");
    daemon.end("answer");
    expect((await buffer(client)).toString()).toBe("answer");
  });

  test("holds a fast writer back when the reader does not read, and loses nothing", async () => {
    const { client, daemon, daemonSide } = await makeTunnel();
    client.end();
    daemon.write(MANY);
    daemon.end();
    await once(daemonSide, "pause");
    expect(await buffer(client)).toEqual(MANY);
  });

  test("writes out what is left when the daemon's side has gone already", async () => {
    const { client, daemon, clientSide, daemonSide } = await makeTunnel();
    client.end();
    await once(daemonSide, "finish");
    daemon.end(Buffer.alloc(240_000, "z"));
    await once(daemonSide, "close");
    expect(clientSide.writableEnded).toBe(true);
    expect(await buffer(client)).toHaveLength(240_000);
  });

  test.each(["client", "daemon"] as const)("breaks the other side when the %s breaks off", async (side) => {
    const tunnel = await makeTunnel();
    const other = side === "client" ? tunnel.daemon : tunnel.client;
    tunnel[`${side}Side`].destroy();
    other.resume();
    await once(other, "end");
    expect(tunnel.clientSide.destroyed && tunnel.daemonSide.destroyed).toBe(true);
  });
});
