/**
 * The routes. Everything that is not a route, and every method that a route has not, is the API's own error JSON.
 */
import { Hono, type Context } from "hono";
import { ApiError, invalidRequest } from "../errors/api-error.ts";
import { quoted } from "../errors/shown-text.ts";
import { toApiError } from "../errors/to-api-error.ts";
import { createId } from "../ids.ts";
import type { ServerState } from "../server-state.ts";
import { answerCountTokens } from "./count-tokens-route.ts";
import { type Exchange, runExchange, toAccessRequest, toErrorResponse } from "./exchange.ts";
import { answerMessages } from "./messages-route.ts";
import { answerModel, answerModelList } from "./models-route.ts";
import { answerBedrockClient, notFound } from "./near-paths.ts";

/** Parts of the Claude API that this server has not, by path. */
const UNSUPPORTED_PATHS: readonly (readonly [path: string, what: string])[] = [
  ["/v1/files", "Files are"],
  ["/v1/skills", "Skills are"],
  ["/v1/messages/batches", "Message batches are"],
];

type Answer = (exchange: Exchange, state: ServerState, context: Context) => Promise<Response>;

/** Creates the routes of a server. */
export function createApp(state: ServerState): Hono {
  const app = new Hono();
  const run = (answer: Answer) => (context: Context) =>
    runExchange(context, state, (exchange) => answer(exchange, state, context));
  app.post("/v1/messages", run(answerMessages));
  app.post("/v1/messages/count_tokens", run(answerCountTokens));
  app.get("/v1/models", run(answerModelList));
  app.get(
    "/v1/models/:id{.+}",
    run((exchange, _state, context) => answerModel(exchange, state, context.req.param("id") ?? "")),
  );
  addOperatorRoutes(app, state);
  addRefusals(app, run);
  app.onError((error, { req }) => toErrorResponse(toApiError(error), createId("req"), req.raw.headers));
  return app;
}

/** Read by load balancers and Prometheus: they have no key and are not counted. */
function addOperatorRoutes(app: Hono, { options, lifecycle, metrics }: ServerState): void {
  const guard =
    (answer: (context: Context) => Response | Promise<Response>) =>
    (context: Context): Response | Promise<Response> => {
      const refusal = options.access.checkOpenRoute?.(toAccessRequest(context));
      return refusal === undefined
        ? answer(context)
        : toErrorResponse(refusal, createId("req"), context.req.raw.headers);
    };
  app.get(
    "/healthz",
    guard((context) => context.json({ status: "ok" })),
  );
  app.get(
    "/readyz",
    guard(async (context) => {
      const isReady = !lifecycle.isDraining && (await options.isReady());
      return context.json({ status: isReady ? "ready" : "not ready" }, isReady ? 200 : 503);
    }),
  );
  app.get(
    "/metrics",
    guard(async () => {
      const text = await metrics.registry.metrics();
      return new Response(text, { headers: { "content-type": metrics.registry.contentType } });
    }),
  );
}

function addRefusals(app: Hono, run: (answer: Answer) => (context: Context) => Promise<Response>): void {
  for (const [path, what] of UNSUPPORTED_PATHS) {
    const refuse = run(() => Promise.reject(invalidRequest(`${what} not supported by this server`)));
    app.all(path, refuse);
    app.all(`${path}/*`, refuse);
  }
  for (const [path, allow] of ALLOWED_METHODS) {
    app.all(
      path,
      run((_exchange, _state, { req }) => Promise.reject(wrongMethod(req.method, allow))),
    );
  }
  // Before any key is asked for: these clients sign in another way, and would only hear that a header is missing.
  app.all("/model/*", answerBedrockClient);
  app.all("/inference-profiles", answerBedrockClient);
  app.notFound(run((_exchange, _state, { req }) => Promise.reject(notFound(req.path))));
}

const ALLOWED_METHODS: readonly (readonly [path: string, allow: string])[] = [
  ["/v1/messages", "POST"],
  ["/v1/messages/count_tokens", "POST"],
  ["/v1/models", "GET"],
  ["/v1/models/*", "GET"],
];

function wrongMethod(method: string, allow: string): ApiError {
  const message = `Method "${quoted(method)}" is not allowed here; use ${allow}`;
  return new ApiError("invalid_request_error", message, { status: 405, headers: { allow } });
}
