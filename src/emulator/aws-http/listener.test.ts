/** One port for both protocols, also when the first bytes arrive one by one. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listenHttp, type HttpListener } from "./listener.ts";

let listener: HttpListener;
let proxy: Server;
let proxyUrl = "";
beforeAll(async () => {
  listener = await listenHttp(async (exchange) => {
    const body = await exchange.readBody(100);
    exchange.respond(
      200,
      {},
      `${exchange.protocol} ${exchange.method} ${exchange.target} ${body.toString()}`,
    );
  });
  // Sends every chunk byte by byte, each in a packet of its own.
  proxy = createServer((socket) => {
    const upstream = connect({ port: listener.port, host: "127.0.0.1", noDelay: true });
    socket.on("data", (chunk: Buffer) => {
      for (const byte of chunk) upstream.write(Buffer.of(byte));
    });
    upstream.pipe(socket);
    socket.on("close", () => upstream.destroy());
    for (const end of [socket, upstream]) end.on("error", () => undefined);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await listener.close();
  proxy.close();
});

async function requestHttp2(url: string): Promise<string> {
  const session = connectHttp2(url);
  const stream = session.request({ ":method": "POST", ":path": "/a%2Fb?c=d" });
  stream.end("body");
  const answer = await text(stream);
  session.destroy();
  return answer;
}

describe("listenHttp()", () => {
  test("speaks HTTP/1.1 and HTTP/2 on one port", async () => {
    const answer = await fetch(`${listener.url}/a%2Fb?c=d`, { method: "POST", body: "body" });
    expect(await answer.text()).toBe("h1 POST /a%2Fb?c=d body");
    expect(await requestHttp2(listener.url)).toBe("h2 POST /a%2Fb?c=d body");
  });

  test("tells the protocol from bytes that arrive one by one", async () => {
    const answer = await fetch(`${proxyUrl}/x`, { method: "POST", body: "body" });
    expect(await answer.text()).toBe("h1 POST /x body");
    expect(await requestHttp2(proxyUrl)).toBe("h2 POST /a%2Fb?c=d body");
  });

  test("outlives clients that say nothing, nonsense, or half a word", async () => {
    for (const bytes of ["", "P", "PRI nonsense\r\n\r\n", "\u0000\u0001"]) {
      const socket = connect(listener.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.end(bytes);
      socket.resume();
      await once(socket, "close");
    }
    expect(await requestHttp2(listener.url)).toContain("h2 POST");
  });

  const FOREIGN: readonly Record<string, string>[] = [
    { host: "attacker.example" },
    { host: "localhost.attacker.example:80" },
    { host: "0.0.0.0" },
    { origin: "https://attacker.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
  ];

  test.each(FOREIGN)("answers no page of another site: %j", async (headers) => {
    const sent = request(listener.url, { method: "POST", headers, setHost: headers["host"] === undefined });
    sent.end("body");
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(403);
    const session = connectHttp2(listener.url);
    const { host, ...others } = headers;
    const stream = session.request({
      ":method": "POST",
      ...others,
      ...(host === undefined ? {} : { ":authority": host }),
    });
    const [answer] = (await once(stream.end("body"), "response")) as [Record<string, unknown>];
    session.destroy();
    expect(answer[":status"]).toBe(403);
  });

  test("answers other names, but no page, where it was told to listen for other machines", async () => {
    await using open = await listenEverywhere();
    const headersOf = async (headers: Record<string, string>): Promise<number> => {
      const sent = request(`http://127.0.0.1:${open.port}`, { headers });
      sent.end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      response.resume();
      return response.statusCode ?? 0;
    };
    expect(await headersOf({ host: "emulator.test" })).toBe(200);
    expect(await headersOf({ host: "emulator.test", origin: "http://emulator.test" })).toBe(403);
  });
});

async function listenEverywhere(): Promise<HttpListener & AsyncDisposable> {
  const open = await listenHttp(async (exchange) => exchange.respond(200, {}, ""), { host: "0.0.0.0" });
  return { ...open, [Symbol.asyncDispose]: () => open.close() };
}
