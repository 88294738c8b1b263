/**
 * Caching markers of the Messages API as cache points of Converse, where the model takes them.
 *
 * A cache changes the price and the time of an answer, never the answer: where the model has none, the marker is left out
 * with a notice. Bedrock refuses the whole request otherwise ("You invoked an unsupported model or your request did not
 * allow prompt caching", reported 2026-09; for Nova "extraneous key [cachePoint] is not permitted", reported 2026-06).
 */
import type * as sdk from "@aws-sdk/client-bedrock-runtime";
import { isRecord } from "../is-record.ts";
import { asksNothing, type ConverseContext } from "./converse-context.ts";
import type { ModelFamily } from "./model-id.ts";

/** What a marker stands behind. */
export type Cacheable = "system" | "text" | "block" | "tool";

/** Where a family takes cache points. What is behind an ARN that names nothing may be a Claude. */
const PLACES: Readonly<Record<ModelFamily, ReadonlySet<Cacheable>>> = {
  claude: new Set(["system", "text", "block", "tool"]),
  unknown: new Set(["system", "text", "block", "tool"]),
  nova: new Set(["system", "text"]),
  other: new Set(),
};

const MARKER_KEYS = new Set(["type", "ttl"]);

/**
 * The cache point of a marker; undefined when there is no marker, or no place for it.
 *
 * @throws {ToolscriptError} `model-request` for a lifetime that Bedrock does not know
 */
export function toCachePoint(
  marker: unknown,
  path: string,
  kind: Cacheable,
  context: ConverseContext,
): sdk.CachePointBlock | undefined {
  if (!isRecord(marker)) return undefined;
  if (!PLACES[context.family].has(kind)) {
    context.drop("cache_control", "the model takes no cache point there");
    return undefined;
  }
  for (const key of Object.keys(marker)) {
    if (MARKER_KEYS.has(key) || asksNothing(marker[key])) continue;
    context.drop(`cache_control.${key}`, "cache points have a type and a lifetime only");
  }
  return { type: "default", ...toLifetime(marker["ttl"], `${path}.ttl`, context) };
}

function toLifetime(ttl: unknown, path: string, context: ConverseContext): { ttl?: sdk.CacheTTL } {
  if (ttl === undefined || ttl === null) return {};
  if (ttl !== "5m" && ttl !== "1h") {
    context.refuse(`the lifetime ${JSON.stringify(ttl)}`, path);
    return {};
  }
  if (context.family !== "nova") return { ttl };
  if (ttl === "1h") context.drop("cache_control.ttl", "the model keeps a cache for five minutes");
  return {};
}
