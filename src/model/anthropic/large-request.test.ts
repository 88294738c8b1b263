/** A request that is too large to be written at once, against a small endpoint of `node:http`. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { anthropic } from "./anthropic.ts";

const ANSWER = { type: "message", content: [], usage: {} };

test("a large request is written while it is sent, and anew when it is tried again", async () => {
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
      const status = bodies.length === 1 ? 503 : 200;
      response.writeHead(status, { "retry-after-ms": "1" }).end(JSON.stringify(ANSWER));
    });
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const model = anthropic("m", { baseUrl: `http://127.0.0.1:${port}` });
  const content = 'Grüße "😀"\n'.repeat(50_000);
  const request = { max_tokens: 10, messages: [{ role: "user" as const, content }] };
  await model.create(request);
  expect(bodies).toEqual([1, 2].map(() => ({ ...request, stream: false, model: "m" })));
});
