/**
 * Model names of the Claude API as Bedrock ids: the inference profile that a model has in the region's geography, else the
 * global one, where that is wanted.
 *
 * Ids that Bedrock itself would take pass through. Every entry can be overridden.
 */
import {
  BEDROCK_MODELS,
  type BedrockModel,
  findFamily,
  type RegionFamily,
  toRegionFamily,
  UNKNOWN_FAMILIES,
} from "./bedrock-profiles.ts";

/** A model that clients may name. */
export interface NamedModel {
  /** The name in requests. */
  readonly name: string;
  readonly displayName: string;
  /** What the upstream calls it. */
  readonly upstream: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The model's line, such as `opus`, where its name tells. */
  readonly line?: string;
}

/** The names that a server knows. */
export interface ModelNames {
  /** The upstream's name; undefined when the model is not known. */
  resolve(name: string): string | undefined;
  /** For `GET /v1/models`, newest first. */
  list(): readonly NamedModel[];
  /** Names of the list whose requests leave the region's geography, because the model has no profile in it. */
  readonly elsewhere?: readonly string[];
}

/** Options of {@link bedrockModelNames}. */
export interface BedrockModelNamesOptions {
  /** AWS region, which says the family. @default the family "global" */
  readonly region?: string | undefined;
  /** The family, when the region's own is not wanted. */
  readonly family?: RegionFamily | undefined;
  /** Whether a model without a profile in the geography may be served by the global one. @default true */
  readonly mayLeave?: boolean | undefined;
  /** Names of your own, or other ids for known names. */
  readonly overrides?: Readonly<Record<string, string>>;
}

/** Bedrock's own ids: an ARN, or a vendor before the first dot. */
const BEDROCK_ID = /^(arn:aws[a-z-]*:bedrock:|[a-z][a-z0-9-]*\.)/;

/** A name by the rule of the newer models: with a version, without a date. */
const NEWER_NAME = /^claude-[a-z0-9-]+$/;
const DATED_NAME = /-(\d{8})$/;

/**
 * Names for Bedrock. A `claude-…` name that is in no table is tried under the rule of the newer models: the family,
 * then `anthropic.`, then the name; with a date, under that of the older ones, which ends in `-v1:0`.
 */
export function bedrockModelNames(options: BedrockModelNamesOptions = {}): ModelNames {
  const { region, mayLeave = true } = options;
  const family = options.family ?? (region === undefined ? "global" : toRegionFamily(region));
  const overrides = new Map(Object.entries(options.overrides ?? {}));
  const byName = new Map(BEDROCK_MODELS.flatMap((model) => toNames(model).map((name) => [name, model])));
  const find = (model: Pick<BedrockModel, "families">): RegionFamily | undefined => {
    const found = findFamily(model.families, family);
    return found === "global" && family !== "global" && !mayLeave ? undefined : found;
  };
  const toId = (model: Pick<BedrockModel, "families" | "base">): string | undefined => {
    const served = find(model);
    return served === undefined ? undefined : `${served}.${model.base}`;
  };
  const listed = BEDROCK_MODELS.filter((model) => model.isOld !== true);
  return {
    resolve(name) {
      const override = overrides.get(name);
      if (override !== undefined) return override;
      const known = byName.get(name);
      if (known !== undefined) return toId(known);
      if (BEDROCK_ID.test(name)) return name;
      if (!NEWER_NAME.test(name)) return undefined;
      const base = DATED_NAME.test(name) ? `anthropic.${name}-v1:0` : `anthropic.${name}`;
      return toId({ base, families: UNKNOWN_FAMILIES });
    },
    list() {
      const own = [...overrides].filter(([name]) => !byName.has(name));
      return [
        ...own.map(([name, upstream]) => toOwn(name, upstream)),
        ...listed.flatMap((model) => toNamed(model, overrides.get(model.name) ?? toId(model))),
      ];
    },
    elsewhere: listed
      .filter((model) => !overrides.has(model.name) && family !== "global" && find(model) === "global")
      .map(({ name }) => name),
  };
}

/** Nothing where the model cannot be reached. */
function toNamed({ name, displayName, base }: BedrockModel, upstream: string | undefined): NamedModel[] {
  if (upstream === undefined) return [];
  return [{ name, displayName, upstream, createdAt: toCreatedAt(base), ...toLine(name) }];
}

function toLine(name: string): { readonly line?: string } {
  const line = /(?:^|-)(opus|sonnet|haiku|fable|mythos)(?:-|$)/.exec(name)?.[1];
  return line === undefined ? {} : { line };
}

function toOwn(name: string, upstream: string): NamedModel {
  return { name, displayName: name, upstream, createdAt: UNKNOWN_DATE };
}

/** What the Messages API says of a model whose date it does not tell. */
const UNKNOWN_DATE = "1970-01-01T00:00:00Z";

/** The date that the older ids carry. */
function toCreatedAt(base: string): string {
  const [, year, month, day] = /-(\d{4})(\d{2})(\d{2})-/.exec(base) ?? [];
  return year === undefined ? UNKNOWN_DATE : `${year}-${month}-${day}T00:00:00Z`;
}

function toNames({ name, aliases = [] }: BedrockModel): string[] {
  return [name, ...aliases];
}

/** Names for an upstream that knows the same names as the client, or any others: nothing is mapped. */
export function sameModelNames(listed: readonly string[] = []): ModelNames {
  return {
    resolve: (name) => name,
    list: () => listed.map((name) => toOwn(name, name)),
  };
}
