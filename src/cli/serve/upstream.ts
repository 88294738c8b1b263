/**
 * What is behind a server: the models of a service, and the names that clients may use for them.
 */
import type { Model } from "../../model/model.ts";
import { type Forward, forwardTo } from "../../proxy/forward.ts";
import { toModelFamily } from "../../model/bedrock/model-id.ts";
import { bedrockModelNames, type ModelNames, sameModelNames } from "../../proxy/names/model-names.ts";
import type { ServeConfig } from "./serve-config.ts";

/** Variable with the key of an Anthropic-compatible upstream whose address was given. */
export const UPSTREAM_KEY_VARIABLE = "TOOLSCRIPT_UPSTREAM_KEY";

const CLAUDE_API_URL = "https://api.anthropic.com";

/** A service and its names. */
export interface Upstream {
  readonly model: (upstreamName: string) => Model;
  readonly names: ModelNames;
  /** A way for requests that need nothing changed; undefined where there is none. */
  readonly forward?: Forward;
  /** For people. */
  readonly description: string;
}

/** Opens what the configuration names. */
export async function openUpstream(config: ServeConfig, env: NodeJS.ProcessEnv): Promise<Upstream> {
  return config.upstream === "anthropic" ? await openAnthropic(config, env) : await openBedrock(config, env);
}

async function openBedrock(config: ServeConfig, env: NodeJS.ProcessEnv): Promise<Upstream> {
  const { bedrock } = await import("../../model/bedrock/bedrock.ts");
  const region = config.region ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"];
  const connection = {
    ...(region === undefined ? {} : { region }),
    ...(config.upstreamUrl === undefined ? {} : { endpoint: config.upstreamUrl }),
  };
  const overrides = toOverrides(config.models);
  const identities = toIdentities(config.models);
  const where = config.upstreamUrl ?? (region === undefined ? "region not set" : region);
  return {
    model: (id) => {
      const identity = identities.get(id);
      return bedrock(id, identity === undefined ? connection : { ...connection, model: identity });
    },
    names: bedrockModelNames({ region, overrides, mayLeave: config.outsideGeography !== "never" }),
    description: `Amazon Bedrock (${where})`,
  };
}

type Models = NonNullable<ServeConfig["models"]>;

function toOverrides(models: Models = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(models).map(([name, model]) => [name, typeof model === "string" ? model : model.id]),
  );
}

/** What ids of the upstream stand for: as the configuration says, or as the Claude name says under which clients know them. */
function toIdentities(models: Models = {}): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const [name, model] of Object.entries(models)) {
    if (typeof model !== "string") known.set(model.id, model.model);
    else if (name.startsWith("claude-") && toModelFamily(model) === "unknown" && !known.has(model)) {
      known.set(model, name);
    }
  }
  return known;
}

async function openAnthropic(config: ServeConfig, env: NodeJS.ProcessEnv): Promise<Upstream> {
  const { anthropic } = await import("../../model/anthropic/anthropic.ts");
  const baseUrl = config.upstreamUrl ?? env["ANTHROPIC_BASE_URL"] ?? CLAUDE_API_URL;
  // The key of the Claude API is not for any address that somebody names.
  const claudeKey = config.upstreamUrl === undefined ? env["ANTHROPIC_API_KEY"] : undefined;
  const apiKey = env[UPSTREAM_KEY_VARIABLE] ?? claudeKey;
  const connection = {
    baseUrl,
    ...(config.upstreamAuth === undefined ? {} : { auth: config.upstreamAuth }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
  const models = toOverrides(config.models);
  const same = sameModelNames(Object.keys(models));
  return {
    model: (name) => anthropic(name, connection),
    names: {
      resolve: (name) => (Object.hasOwn(models, name) ? models[name] : same.resolve(name)),
      list: () => same.list(),
    },
    // A body that is forwarded is not read, so it could not be logged.
    ...(config.logBodies === true ? {} : { forward: forwardTo(connection) }),
    description: `the Messages API (${baseUrl})`,
  };
}
