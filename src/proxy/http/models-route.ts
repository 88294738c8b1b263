/**
 * `GET /v1/models` and `GET /v1/models/{id}`: the names that clients may use.
 */
import { ApiError, invalidRequest } from "../errors/api-error.ts";
import { quoted } from "../errors/shown-text.ts";
import type { NamedModel } from "../names/model-names.ts";
import type { ServerState } from "../server-state.ts";
import { type Exchange, respondJson } from "./exchange.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

/** Answers `GET /v1/models`. @throws {ApiError} */
export async function answerModelList(exchange: Exchange, state: ServerState): Promise<Response> {
  const query = new URL(exchange.request.url).searchParams;
  const limit = readLimit(query.get("limit"));
  const models = listAllowed(exchange, state);
  const page = takePage(models, query.get("after_id"), query.get("before_id"), limit);
  return respondJson(exchange, {
    data: page.models.map(toEntry),
    has_more: page.hasMore,
    first_id: page.models[0]?.name ?? null,
    last_id: page.models.at(-1)?.name ?? null,
  });
}

/** Answers `GET /v1/models/{id}`. @throws {ApiError} `not_found_error` */
export async function answerModel(exchange: Exchange, state: ServerState, name: string): Promise<Response> {
  const listed = listAllowed(exchange, state).find((model) => model.name === name);
  if (listed !== undefined) return respondJson(exchange, toEntry(listed));
  const isAllowed = exchange.grant.limits.allowsModel?.(name) !== false;
  const upstream = isAllowed ? state.options.names.resolve(name) : undefined;
  if (upstream === undefined) throw new ApiError("not_found_error", `model: ${quoted(name)}`);
  return respondJson(
    exchange,
    toEntry({ name, displayName: name, upstream, createdAt: "1970-01-01T00:00:00Z" }),
  );
}

function listAllowed({ grant }: Exchange, { options }: ServerState): readonly NamedModel[] {
  return options.names.list().filter(({ name }) => grant.limits.allowsModel?.(name) !== false);
}

function readLimit(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw invalidRequest(`limit: Input should be a whole number from 1 to ${MAX_LIMIT}`);
}

function takePage(
  models: readonly NamedModel[],
  afterId: string | null,
  beforeId: string | null,
  limit: number,
): { models: readonly NamedModel[]; hasMore: boolean } {
  const after = models.findIndex(({ name }) => name === afterId) + 1;
  const before = models.findIndex(({ name }) => name === beforeId);
  if (beforeId !== null && before >= 0) {
    const from = Math.max(0, before - limit);
    return { models: models.slice(from, before), hasMore: from > 0 };
  }
  return { models: models.slice(after, after + limit), hasMore: after + limit < models.length };
}

/** All fields that the newest SDK types require. What Bedrock does not tell is null. */
function toEntry({ name, displayName, createdAt, line }: NamedModel): object {
  return {
    type: "model",
    id: name,
    display_name: displayName,
    created_at: createdAt,
    line: line ?? null,
    lifecycle: "active",
    capabilities: null,
    max_input_tokens: null,
    max_tokens: null,
    deprecated_at: null,
    retires_at: null,
  };
}
