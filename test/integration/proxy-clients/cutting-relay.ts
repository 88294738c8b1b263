/**
 * A hop between a client and a server that loses one request or its answer, at a point of its way, and passes on all
 * others as they are.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** Where the connection is cut. */
export const CUT_POINTS = [
  /** The server never sees the request. */
  "before the request",
  /** The server has the request; both ends see that the other has gone. */
  "after the request",
  /** The server has answered, and believes that it was heard. */
  "before the answer",
  "after the head of the answer",
  "in the middle of the answer",
  "before the last byte of the answer",
] as const;

export type CutPoint = (typeof CUT_POINTS)[number];

/** A relay that runs. */
export interface CuttingRelay extends AsyncDisposable {
  readonly url: string;
  /** Requests that came, repeated ones among them. */
  readonly requests: number;
}

/** Starts a relay to `upstream` that cuts the request of that number (from 1) at `point`. */
export async function startCuttingRelay(
  upstream: string,
  number: number,
  point: CutPoint,
): Promise<CuttingRelay> {
  let requests = 0;
  const server = createServer((incoming, outgoing) => {
    requests += 1;
    const cut = requests === number ? point : undefined;
    passOn(upstream, incoming, outgoing, cut).catch(() => outgoing.destroy()); // an end is cut off
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function passOn(
  upstream: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  cut: CutPoint | undefined,
): Promise<void> {
  const body = await buffer(incoming);
  if (cut === "before the request") {
    incoming.socket.resetAndDestroy();
    return;
  }
  const { method = "GET", headers, url = "/" } = incoming;
  const forwarded = request(new URL(url, upstream), { method, headers });
  const answered = once(forwarded, "response") as Promise<[IncomingMessage]>;
  answered.catch(() => {}); // when it was cut off
  forwarded.end(body);
  await once(forwarded, "finish");
  if (cut === "after the request") {
    forwarded.destroy();
    incoming.socket.resetAndDestroy();
    return;
  }
  const [answer] = await answered;
  if (cut === undefined) {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    return;
  }
  await answerPartly(answer, outgoing, cut);
  incoming.socket.destroy();
}

/** Takes the whole answer, so that the server has done its part, and hands on as much of it as the cut leaves. */
async function answerPartly(answer: IncomingMessage, outgoing: ServerResponse, cut: CutPoint): Promise<void> {
  const whole = await buffer(answer);
  if (cut === "before the answer") return;
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  const shares: Partial<Record<CutPoint, number>> = {
    "in the middle of the answer": Math.floor(whole.length / 2),
    "before the last byte of the answer": whole.length - 1,
  };
  const length = shares[cut] ?? 0;
  if (length === 0) outgoing.flushHeaders();
  else await new Promise((resolve) => outgoing.write(whole.subarray(0, length), resolve));
}
