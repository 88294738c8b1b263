import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type Socket, createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { openStandInDaemon } from "../../../test/stand-in-daemon.ts";
import { containerSpec } from "./container-spec.ts";
import { resolveDockerOptions } from "./docker-options.ts";
import { docker } from "./docker.ts";
import { resolveEngineAddress } from "./engine-address.ts";
import { type Engine, openEngine } from "./engine.ts";

const MIB = 1024 * 1024;
const LONG_MS = 20_000;

/** An engine before a server that answers as told. */
async function openBefore(answer: RequestListener, requestTimeoutMs = LONG_MS): Promise<Engine> {
  return openEngine(resolveEngineAddress(`unix://${await openStandInDaemon(answer)}`), requestTimeoutMs);
}

/** One that sends these bytes to whoever connects, whatever they are. */
async function openBeforeBytes(bytes: string): Promise<Engine> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(bytes));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return openEngine(resolveEngineAddress(`tcp://127.0.0.1:${port}`), LONG_MS);
}

const json = (status: number, body: unknown) => (_request: unknown, response: ServerResponse) =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

const text = (status: number, body: string) => (_request: unknown, response: ServerResponse) =>
  void response.writeHead(status, { "content-type": "text/plain" }).end(body);

describe("howEnded()", () => {
  const event = (action: string, more: object = {}): string =>
    `${JSON.stringify({ Action: action, Actor: { ID: "id", Attributes: { exitCode: "137", ...more } } })}\n`;

  test("reads the events of the end, and no further", async () => {
    const asked: string[] = [];
    const engine = await openBefore((request, response) => {
      asked.push(decodeURIComponent(request.url ?? ""));
      response.writeHead(200).write(event("oom"));
      response.write(event("die").slice(0, 20));
      response.write(event("die").slice(20)); // and goes on waiting for more
    });
    expect(await engine.howEnded("id")).toEqual({ exitCode: 137, outOfMemory: true });
    expect(asked).toEqual([
      expect.stringMatching(
        /^\/events\?since=0&until=\d+&filters=\{"type":\["container"\],"container":\["id"\],"event":\["oom","die"\]\}$/,
      ),
    ]);
  });

  test.each([
    ["an end without want of memory", event("die", { exitCode: "3" }), { exitCode: 3, outOfMemory: false }],
    ["nothing", "", undefined],
    ["want of memory alone", event("oom"), undefined],
  ])("reads %s", async (_name, body, wanted) => {
    expect(await (await openBefore(text(200, body))).howEnded("id")).toEqual(wanted);
  });

  test("refuses what is no event, and too much", async () => {
    for (const body of ["<html>\n", '{"Action":1}\n', " ".repeat(2 * MIB), "x".repeat(2 * MIB)]) {
      await expect((await openBefore(text(200, body))).howEnded("id")).rejects.toMatchObject({
        code: "docker-failed",
      });
    }
  });
});

describe("openEngine() with a daemon that answers badly", () => {
  test("refuses an answer that is too long, and closes the connection instead of reading on", async () => {
    let sent = 0;
    const closed = Promise.withResolvers<void>();
    const engine = await openBefore((_request, response) => {
      const piece = Buffer.alloc(MIB, " ");
      const write = () => {
        while (!response.destroyed && response.write(piece)) sent += 1;
      };
      response.on("drain", write).once("close", closed.resolve);
      write();
    });
    await expect(engine.inspect("id")).rejects.toMatchObject({
      code: "docker-failed",
      message: expect.stringContaining('has more than "4194304" bytes') as string,
    });
    await closed.promise;
    expect(sent).toBeLessThan(16);
  });

  test.each([
    ["is no JSON", text(200, "<html>"), (engine: Engine) => engine.inspect("id"), "Reading JSON failed"],
    [
      "has parts without number",
      text(200, `[${"{},".repeat(600_000)}{}]`),
      (engine: Engine) => engine.list(),
      "cannot be read",
    ],
    ["is null", text(200, "null"), (engine: Engine) => engine.inspect("id"), '"State.Status"'],
    ["is empty", text(200, ""), (engine: Engine) => engine.version(), '"Version"'],
    ["has no state", json(200, { State: {} }), (engine: Engine) => engine.inspect("id"), '"State.Status"'],
    ["has no id", json(201, { Id: 7 }), create, '"Id" that is of type "string"'],
    ["is no list", json(200, { Id: "x" }), (engine: Engine) => engine.list(), "is no list"],
    ["lists no containers", json(200, [null]), (engine: Engine) => engine.list(), '"Id"'],
    ["has no figures", json(200, {}), (engine: Engine) => engine.usage("id"), "cpu_stats.cpu_usage"],
    [
      "upgrades nothing",
      json(200, {}),
      (engine: Engine) => engine.attach("id"),
      'status "200", wanted "101"',
    ],
  ])("throws `docker-failed` when the answer %s", async (_what, answer, ask, says) => {
    const asking = ask(await openBefore(answer));
    await expect(asking).rejects.toMatchObject({ code: "docker-failed" });
    await expect(asking).rejects.toThrow(says);
    await expect(asking).rejects.toThrow("is a Docker daemon at that address?");
  });

  test.each([
    ["JSON", json(500, { message: "  out of luck\n" }), "out of luck"],
    ["JSON without a message", json(500, { error: "x" }), '{"error":"x"}'],
    ["text", text(502, "Bad Gateway"), "Bad Gateway"],
    ["nothing", text(500, ""), "status 500"],
  ])("quotes what a refusal says when it is %s", async (_what, answer, said) => {
    const engine = await openBefore(answer);
    await expect(engine.start("id", "i")).rejects.toMatchObject({
      code: "docker-failed",
      message: expect.stringContaining(`the Docker daemon answered "${said}"`) as string,
    });
  });

  test("cuts a refusal that is long", async () => {
    const engine = await openBefore(text(500, "x".repeat(MIB)));
    const error = await engine.attach("id").then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).toContain("x".repeat(1_000));
    expect(error?.message.length).toBeLessThan(1_200);
  });

  test.each([
    ["an answer that is cut off", 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"Sta'],
    ["no answer", ""],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
    [
      "an upgrade that nobody asked for",
      "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    ],
    ["a head without end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`],
  ])("throws `docker-unreachable` for %s", async (_what, bytes) => {
    const engine = await openBeforeBytes(bytes);
    await expect(engine.inspect("id")).rejects.toMatchObject({ code: "docker-unreachable" });
  });
});

describe("openEngine() with a daemon that is slow", () => {
  const DEADLINE_MS = 500;

  /** A daemon that leaves its first request unanswered. */
  async function openSlow(requestTimeoutMs: number, answerRest: RequestListener = json(500, {})) {
    const first = Promise.withResolvers<{ request: IncomingMessage; response: ServerResponse }>();
    let hasFirst = false;
    const engine = await openBefore((request, response) => {
      if (hasFirst) answerRest(request, response);
      else first.resolve({ request, response });
      hasFirst = true;
    }, requestTimeoutMs);
    return { engine, first: first.promise };
  }
  const closed = async ({ socket }: IncomingMessage) => {
    if (!socket.destroyed) await once(socket, "close");
  };

  test.each([
    ["inspect", (engine: Engine) => engine.inspect("id")],
    ["attach", (engine: Engine) => engine.attach("id")],
    ["imageVolumes", (engine: Engine) => engine.imageVolumes("i")],
    ["usage", (engine: Engine) => engine.usage("id")],
  ])("%s() is given up at the deadline, and its connection closed", async (_name, ask) => {
    const { engine, first } = await openSlow(DEADLINE_MS);
    await expect(ask(engine)).rejects.toMatchObject({
      code: "sandbox-timeout",
      message: expect.stringContaining(`did not answer within "${DEADLINE_MS}" ms`) as string,
    });
    await closed((await first).request);
  });

  test("the deadline holds for the whole answer, not only for its beginning", async () => {
    const { engine, first } = await openSlow(DEADLINE_MS);
    void first.then(({ response }) => response.writeHead(200).write("{"));
    await expect(engine.inspect("id")).rejects.toMatchObject({ code: "sandbox-timeout" });
    await closed((await first).request);
  });

  test("a signal gives up a request, and its connection is closed", async () => {
    const { engine, first } = await openSlow(LONG_MS);
    const controller = new AbortController();
    void first.then(() => controller.abort(new Error("enough")));
    await expect(engine.attach("id", { signal: controller.signal })).rejects.toMatchObject({
      code: "aborted",
    });
    await closed((await first).request);
  });

  test("a create request goes on, and what it made too late is removed", async () => {
    const killed = Promise.withResolvers<void>();
    const { engine, first } = await openSlow(DEADLINE_MS, (later, answer) => {
      json(404, { message: "No such container" })(later, answer);
      if (later.url === "/containers/made-too-late/kill?signal=SIGKILL") killed.resolve();
    });
    await expect(create(engine)).rejects.toMatchObject({ code: "sandbox-timeout" });
    const { request, response } = await first;
    expect(request.socket.destroyed).toBe(false);
    json(201, { Id: "made-too-late" })(request, response);
    await killed.promise;
  });
});

describe("openEngine() with a daemon that upgrades", () => {
  test("attach() hands out the connection, with what came along with the answer, and an abort then changes nothing", async () => {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\nfirst"),
      );
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const engine = openEngine(resolveEngineAddress(`tcp://127.0.0.1:${port}`), LONG_MS);
    const controller = new AbortController();
    const connection = await engine.attach("id", { signal: controller.signal });
    controller.abort();
    const [first] = (await once(connection, "data")) as [Buffer];
    expect(first.toString()).toBe("first");
    const heard = once(sockets[0] as Socket, "data");
    connection.end("question");
    expect(String((await heard)[0])).toBe("question");
    sockets[0]?.end("answer");
    const [second] = (await once(connection, "data")) as [Buffer];
    expect(second.toString()).toBe("answer");
  });
});

test("openEngine() asks no more of the processor for a request when many connections are open", async () => {
  const OPEN = 500;
  const REQUESTS = 200;
  const engine = await openBefore((request, response) => {
    if (request.url?.includes("/wait") !== true) json(200, { Version: "1" })(request, response);
  });
  const measure = async (): Promise<number> => {
    const before = process.cpuUsage();
    for (let index = 0; index < REQUESTS; index += 1) await engine.version();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  await measure(); // compiled from here on
  const alone = await measure();
  const waits = Array.from({ length: OPEN }, () => engine.waitStopped("id").catch(() => {}));
  await engine.version();
  const besideMany = await measure();
  expect(waits).toHaveLength(OPEN);
  expect(besideMany / alone).toBeLessThan(4);
});

function create(engine: Engine): Promise<string> {
  const { container } = resolveDockerOptions({ image: "i" });
  return engine.create("toolscript-0000000000000000", containerSpec(container, "pass", {}));
}

test("docker() without a pool starts eight of many at a time, and the next when one of them is done", async () => {
  const creates: ServerResponse[] = [];
  let notify = () => {};
  const arrived = async (count: number) => {
    while (creates.length < count) await new Promise<void>((resolve) => (notify = resolve));
  };
  const path = await openStandInDaemon((request, response) => {
    const { url = "" } = request;
    if (url.startsWith("/containers/create")) creates.push(response);
    else if (url.startsWith("/images/")) json(200, { Config: {} })(request, response);
    else if (url.startsWith("/containers/json")) json(200, [])(request, response);
    else json(404, { message: "No such container" })(request, response);
    notify();
  });
  const sandbox = docker({ image: "i", host: `unix://${path}` });
  const outcomes = Array.from({ length: 20 }, () => sandbox.open().catch((error: Error) => error.message));
  await arrived(8);
  json(500, { message: "no" })(undefined, creates[0] as ServerResponse);
  expect(await outcomes[0]).toContain('answered "no"');
  await arrived(9);
  expect(creates).toHaveLength(9);
  const refuseAll = async (): Promise<void> => {
    for (let index = 1; index < 20; index += 1) {
      await arrived(index + 1);
      json(500, { message: "no" })(undefined, creates[index] as ServerResponse);
    }
  };
  await Promise.all([refuseAll(), ...outcomes]);
  await sandbox.close();
});
