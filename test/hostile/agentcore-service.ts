/**
 * AgentCore's service as a hostile script would have it answer: a process of its own, so that its work is not its client's.
 *
 * Sessions start and stop as they should. What comes back for code is the attack's, which knows the session's marker, as
 * the script does. Sends its port to whoever forked it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ATTACKS, type Answer } from "./agentcore-attacks.ts";

const attack = ATTACKS[process.argv[2] ?? ""];
if (attack === undefined) throw new Error(`There is no attack "${process.argv[2]}"`);

const EVENT_STREAM = { "content-type": "application/vnd.amazon.eventstream" };

let marker = "";

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on("error", () => {}); // the client has had enough
  const body = await readBody(request);
  const path = (request.url ?? "").split("?")[0] ?? "";
  if (!path.endsWith("/tools/invoke")) {
    const sessionId = "01HOSTILE";
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ sessionId, codeInterpreterIdentifier: "x", createdAt: new Date() }));
    return;
  }
  const { code } = (JSON.parse(body) as { arguments: { code: string } }).arguments;
  marker = /toolscript-[0-9a-f]{32}:/.exec(code)?.[0] ?? marker;
  const sequence = Number(/kernel\.exchange\((\d+),/.exec(code)?.[1] ?? 0);
  const isHeld = /,True\)\)?(?: if kernel|\n)/.test(code);
  const answer: Answer = {
    response,
    marker,
    sequence,
    isHeld,
    begin: () => response.headersSent || response.writeHead(200, EVENT_STREAM),
    isOpen: () => !response.destroyed && response.socket?.destroyed === false,
  };
  await attack?.(answer);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    if (!response.destroyed) throw error;
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.once("disconnect", () => process.exit(0));
