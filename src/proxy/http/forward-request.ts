/**
 * Answers with an upstream's own bytes: its status, its body, the headers that clients act on.
 */
import { ToolscriptError, toErrorMessage } from "../../errors.ts";
import type { Forward } from "../forward.ts";
import type { ModelNames } from "../names/model-names.ts";
import type { ParsedRequest } from "../request/parse-request.ts";
import type { Exchange } from "./exchange.ts";

/** Headers of the upstream that go on to the client. */
const PASSED_HEADERS = /^(content-type|retry-after(-ms)?|anthropic-ratelimit-.*|x-should-retry)$/;

/** Whether the body can go out as it came: nothing in it is the proxy's own, and the model has the same name there. */
export function isForwardable({ body, tools, hasCodeHistory }: ParsedRequest, names: ModelNames): boolean {
  const isPlain = tools.code === undefined && !hasCodeHistory && tools.script.length === 0;
  return isPlain && body.container === undefined && names.resolve(body.model) === body.model;
}

/** Forwards. @throws {ToolscriptError} `model-failed`, `model-access`, `aborted` */
export async function forwardRequest(
  exchange: Exchange,
  forward: Forward,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const { request, signal } = exchange;
  const response = await send(forward, { body: bytes, headers: request.headers, signal });
  if (response.status === 401 || response.status === 403) {
    await response.body?.cancel();
    throw new ToolscriptError(
      "model-access",
      `The upstream refused this server's key with status "${response.status}"`,
    );
  }
  const passed = [...response.headers].filter(([name]) => PASSED_HEADERS.test(name));
  const upstreamId = response.headers.get("request-id");
  if (upstreamId !== null) exchange.account.note({ upstreamRequestId: upstreamId });
  return new Response(toCounted(response, exchange), {
    status: response.status,
    headers: { ...Object.fromEntries(passed), "request-id": exchange.requestId },
  });
}

async function send(forward: Forward, sent: Parameters<Forward>[0]): Promise<Response> {
  try {
    return await forward(sent);
  } catch (error) {
    const code = sent.signal.aborted ? "aborted" : "model-failed";
    throw new ToolscriptError(code, `Forwarding the request failed: ${toErrorMessage(error)}`, {
      cause: error,
    });
  }
}

/** The body as it comes, chunk by chunk at the reader's pace; its end is the end of the exchange. */
function toCounted({ body, status }: Response, exchange: Exchange): ReadableStream<Uint8Array> | null {
  const reader = (body as ReadableStream<Uint8Array> | null)?.getReader();
  if (reader === undefined) {
    exchange.account.end(status);
    return null;
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (value !== undefined) controller.enqueue(value);
          if (!done) return;
          exchange.account.end(status);
          controller.close();
        } catch (error) {
          exchange.account.end(status, error);
          controller.error(error);
        }
      },
      async cancel(reason: unknown) {
        exchange.account.end(status);
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
