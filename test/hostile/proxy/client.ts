/**
 * A client of a proxy, for a thread of its own.
 */
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { createRandom, type Random } from "../random.ts";
import { makeBody } from "./bodies.ts";
import { makeGeneratedBody } from "./generated-bodies.ts";

/** What a request came to. */
export interface Answered {
  readonly status: number;
  /** The beginning of an error's message. */
  readonly message: string;
  readonly messageCharacters: number;
}

/** Status of a request whose connection was cut while it was being sent. */
export const CUT = 0;

let body = Buffer.alloc(0);

/** Makes the body of that name. */
export function prepareNamed(name: unknown): void {
  body = Buffer.from(makeBody(String(name)));
}

/** Makes the body of that seed. */
export function prepareGenerated(seed: unknown): void {
  body = Buffer.from(makeGeneratedBody(Number(seed)));
}

/** Sends the body that was made last. */
export async function send(url: unknown): Promise<Answered> {
  return await post(String(url), body);
}

const SMALL = Buffer.from('{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}]}');
const agent = new Agent({ keepAlive: true });
const asking = { goesOn: false };
let answers: Record<string, number> = {};

/** Sends small requests, one after another, until `stopAsking`. */
export function keepAsking(url: unknown): void {
  asking.goesOn = true;
  void ask(String(url));
}

/** How often which status came. */
export function stopAsking(): Readonly<Record<string, number>> {
  asking.goesOn = false;
  const all = answers;
  answers = {};
  return all;
}

async function ask(url: string): Promise<void> {
  while (asking.goesOn) {
    const { status } = await post(url, SMALL, agent);
    answers[status] = (answers[status] ?? 0) + 1;
  }
}

async function post(url: string, sent: Buffer, over: Agent | false = false): Promise<Answered> {
  const headers = {
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    "content-length": String(sent.length),
  };
  const outgoing = request(url, { method: "POST", headers, agent: over });
  outgoing.end(sent);
  const response = await findResponse(outgoing);
  if (response === undefined) return { status: CUT, message: "", messageCharacters: 0 };
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  const answer = JSON.parse(text) as { error?: { message: string } };
  const message = answer.error?.message ?? "";
  const messageCharacters = message.length;
  return { status: response.statusCode ?? 0, message: message.slice(0, 300), messageCharacters };
}

/** A body that is too large may be cut off before its sender has looked for the answer. */
async function findResponse(outgoing: ClientRequest): Promise<IncomingMessage | undefined> {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage | undefined>();
  outgoing.once("response", resolve);
  outgoing.on("error", () => resolve(undefined));
  return await promise;
}

/** Ways to send the body that was made last, and not as one should. */
const MANNERS: readonly ((url: URL, random: Random) => readonly Buffer[])[] = [
  // Half of it, and then the connection is reset.
  (url, random) => [toHead(url, body.length), ...random.cut(body.subarray(0, body.length / 2))],
  // All of it, and then the connection is reset.
  (url, random) => [toHead(url, body.length), ...random.cut(body)],
  // In chunks of a few bytes.
  (url, random) => [toHead(url), ...toChunks(body.subarray(0, 200_000), random.integer(1, 3))],
  // Many requests at once on one connection.
  (url) => Array.from({ length: 200 }, () => Buffer.concat([toHead(url, SMALL.length), SMALL])),
  // More than was said, and less.
  (url, random) => [toHead(url, random.integer(0, 10)), ...random.cut(body.subarray(0, 100_000))],
];

/** Sends the body that was made last in a way by the seed, and resets the connection. */
export async function misbehave(argument: unknown): Promise<void> {
  const { url, seed } = argument as { readonly url: string; readonly seed: number };
  const random = createRandom(seed);
  const target = new URL(url);
  const socket = connect({ port: Number(target.port), host: target.hostname });
  socket.on("error", () => {}); // the server may end it first
  socket.resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  for (const piece of random.pick(MANNERS)(target, random)) {
    if (socket.destroyed) break;
    const drained = new Promise((resolve) => socket.once("drain", resolve));
    if (!socket.write(piece)) await Promise.race([drained, closed]);
  }
  socket.resetAndDestroy();
  await closed;
}

function toHead(url: URL, length?: number): Buffer {
  const lines = [
    `POST ${url.pathname} HTTP/1.1`,
    `host: ${url.host}`,
    "anthropic-version: 2023-06-01",
    length === undefined ? "transfer-encoding: chunked" : `content-length: ${length}`,
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

function toChunks(bytes: Buffer, length: number): readonly Buffer[] {
  const chunks: string[] = [];
  for (let at = 0; at < bytes.length; at += length) {
    const chunk = bytes.subarray(at, at + length);
    chunks.push(`${chunk.length.toString(16)}\r\n${chunk.toString("latin1")}\r\n`);
  }
  return [Buffer.from(`${chunks.join("")}0\r\n\r\n`, "latin1")];
}
