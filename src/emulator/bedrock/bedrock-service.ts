/**
 * One request to the emulated Bedrock Runtime, from its bytes to its answer.
 *
 * In the order of the real service: body, authentication, route, fault, validation, answer. Every request is recorded,
 * whatever becomes of it.
 */
import { AwsHttpError, unknownOperation } from "../aws-http/aws-error.ts";
import { authenticate, describeAuth, type AuthPolicy } from "../aws-http/auth.ts";
import { BodyTooLargeError, type HttpExchange } from "../aws-http/http-exchange.ts";
import { readJson } from "../../json/read-json.ts";
import type { Scenario } from "../../model/scenario.ts";
import { toErrorAnswer, type FaultQueue } from "./faults.ts";
import { checkModelId } from "./model-ids.ts";
import type { OpenRecord, RequestLog } from "./request-log.ts";
import { ROUTES } from "./routes.ts";
import type { TokenCounter } from "./scenario-player.ts";
import { sendAnswer } from "./stream-player.ts";

/** Everything the service answers from. */
export interface BedrockServiceState {
  scenario: Scenario;
  readonly auth: AuthPolicy;
  readonly faults: FaultQueue;
  readonly log: RequestLog;
  readonly countTokens: TokenCounter;
  readonly models: readonly string[] | undefined;
  /** Profiles of one's own → the model that is behind each. */
  readonly profiles: Readonly<Record<string, string>>;
  readonly maxBodyBytes: number;
}

/** What a body may hold: the same as the proxy takes. */
const BODY_BOUNDS = {
  maxDepth: 500,
  maxParts: 1_000_000,
  maxMembers: 125_000,
  maxValueBytes: 96 * 1024 * 1024,
};

const PATH = /^\/model\/([^/]+)\/([a-z-]+)$/;

/** Answers one request. */
export async function handleBedrockRequest(
  exchange: HttpExchange,
  state: BedrockServiceState,
): Promise<void> {
  const requestId = crypto.randomUUID();
  const body = await readBody(exchange, state.maxBodyBytes);
  if (exchange.closed.aborted) {
    return;
  }
  const open = await openRecord(exchange, body, state.log);
  try {
    await answer(exchange, body, open, state, requestId);
  } catch (error) {
    refuse(exchange, open, toAwsError(error), requestId);
  }
  open.finish(exchange.closed.aborted ? "aborted" : "answered");
}

/** The body, or the error that reading it gave. */
async function readBody(exchange: HttpExchange, maxBytes: number): Promise<Buffer | AwsHttpError> {
  try {
    return await exchange.readBody(maxBytes);
  } catch (error) {
    if (error instanceof BodyTooLargeError) {
      return new AwsHttpError(413, "RequestEntityTooLargeException", error.message);
    }
    if (exchange.closed.aborted) {
      return Buffer.alloc(0);
    }
    throw error;
  }
}

async function openRecord(
  exchange: HttpExchange,
  body: Buffer | AwsHttpError,
  log: RequestLog,
): Promise<OpenRecord> {
  const path = exchange.target.split("?")[0] ?? "";
  const [, modelId, route] = PATH.exec(path) ?? [];
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const bodyText = bytes.toString("utf8");
  return log.open(exchange, {
    route: route ?? path,
    modelId: modelId === undefined ? "" : decodeModelId(modelId),
    auth: describeAuth(exchange.headers["authorization"] ?? ""),
    bodyText,
    body: await parseJson(bytes),
  });
}

async function answer(
  exchange: HttpExchange,
  body: Buffer | AwsHttpError,
  open: OpenRecord,
  state: BedrockServiceState,
  requestId: string,
): Promise<void> {
  if (!Buffer.isBuffer(body)) {
    throw body;
  }
  const { method, target, headers } = exchange;
  await authenticate({ method, target, headers, body }, state.auth);
  const { record } = open;
  const route = method === "POST" ? ROUTES[record.route] : undefined;
  if (route === undefined || record.modelId === "") {
    throw unknownOperation();
  }
  const fault = state.faults.take(record);
  const error = toErrorAnswer(fault);
  if (error !== undefined) {
    throw error;
  }
  checkModelId(record.modelId, state.models);
  const ready = await route({
    body: record.body,
    bodyText: record.bodyText,
    modelId: Object.hasOwn(state.profiles, record.modelId)
      ? (state.profiles[record.modelId] ?? record.modelId)
      : record.modelId,
    scenario: state.scenario,
    countTokens: state.countTokens,
  });
  const answerHeaders = { "x-amzn-requestid": requestId, "x-toolscript-scripted": "true", ...ready.headers };
  await sendAnswer(exchange, { ...ready, headers: answerHeaders }, fault, open);
}

function refuse(exchange: HttpExchange, open: OpenRecord, error: AwsHttpError, requestId: string): void {
  open.answer(error.status, error.exception);
  exchange.respond(
    error.status,
    {
      "content-type": "application/json",
      "x-amzn-errortype": error.exception,
      "x-amzn-requestid": requestId,
      ...error.headers,
    },
    error.body,
  );
}

/** What a scenario function throws is answered too: it is the author of the scenario who must read it. */
function toAwsError(error: unknown): AwsHttpError {
  if (error instanceof AwsHttpError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new AwsHttpError(400, "ValidationException", `The scenario failed: ${message}`);
}

function decodeModelId(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    // A stray percent sign: the id as it came is the best name for it.
    return encoded;
  }
}

async function parseJson(bytes: Buffer): Promise<unknown> {
  try {
    return await readJson(bytes, BODY_BOUNDS);
  } catch {
    // Refused later, as a body that is not an object.
    return undefined;
  }
}
