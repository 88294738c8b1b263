/**
 * Model names of the Claude API as Bedrock ids: the inference profile of the region's family.
 *
 * Ids that Bedrock itself would take pass through. Every entry can be overridden.
 */

/** Where requests are to be served: the first part of an inference profile's id. */
export type RegionFamily = "us" | "eu" | "apac" | "jp" | "au" | "us-gov" | "global";

/** A model that clients may name. */
export interface NamedModel {
  /** The name in requests. */
  readonly name: string;
  readonly displayName: string;
  /** What the upstream calls it. */
  readonly upstream: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** The names that a server knows. */
export interface ModelNames {
  /** The upstream's name; undefined when the model is not known. */
  resolve(name: string): string | undefined;
  /** For `GET /v1/models`, newest first. */
  list(): readonly NamedModel[];
}

interface CatalogEntry {
  readonly name: string;
  readonly displayName: string;
  /** The id without its region family. */
  readonly base: string;
  /** Other names of the same model. */
  readonly aliases?: readonly string[];
  /** Families that have a profile; others use `global`. @default every family */
  readonly families?: readonly RegionFamily[];
}

const OLD_FAMILIES: readonly RegionFamily[] = ["us", "eu", "global"];
const OLD_FAMILIES_WITH_JP: readonly RegionFamily[] = ["us", "eu", "jp", "global"];

/** Newest first. Bases with a date or a version are those that Bedrock had before Claude 4.7. */
const CATALOG: readonly CatalogEntry[] = [
  { name: "claude-opus-5", displayName: "Claude Opus 5", base: "anthropic.claude-opus-5" },
  { name: "claude-sonnet-5", displayName: "Claude Sonnet 5", base: "anthropic.claude-sonnet-5" },
  { name: "claude-fable-5", displayName: "Claude Fable 5", base: "anthropic.claude-fable-5" },
  { name: "claude-opus-4-8", displayName: "Claude Opus 4.8", base: "anthropic.claude-opus-4-8" },
  { name: "claude-opus-4-7", displayName: "Claude Opus 4.7", base: "anthropic.claude-opus-4-7" },
  {
    name: "claude-opus-4-6",
    displayName: "Claude Opus 4.6",
    base: "anthropic.claude-opus-4-6-v1",
    families: [...OLD_FAMILIES, "apac"],
  },
  {
    name: "claude-sonnet-4-6",
    displayName: "Claude Sonnet 4.6",
    base: "anthropic.claude-sonnet-4-6",
    families: OLD_FAMILIES_WITH_JP,
  },
  {
    name: "claude-opus-4-5-20251101",
    displayName: "Claude Opus 4.5",
    base: "anthropic.claude-opus-4-5-20251101-v1:0",
    aliases: ["claude-opus-4-5"],
    families: OLD_FAMILIES,
  },
  {
    name: "claude-haiku-4-5-20251001",
    displayName: "Claude Haiku 4.5",
    base: "anthropic.claude-haiku-4-5-20251001-v1:0",
    aliases: ["claude-haiku-4-5"],
    families: OLD_FAMILIES,
  },
  {
    name: "claude-sonnet-4-5-20250929",
    displayName: "Claude Sonnet 4.5",
    base: "anthropic.claude-sonnet-4-5-20250929-v1:0",
    aliases: ["claude-sonnet-4-5"],
    families: OLD_FAMILIES_WITH_JP,
  },
];

/** Options of {@link bedrockModelNames}. */
export interface BedrockModelNamesOptions {
  /** AWS region, which says the family. @default the family "global" */
  readonly region?: string | undefined;
  /** The family, when the region's own is not wanted. */
  readonly family?: RegionFamily | undefined;
  /** Names of your own, or other ids for known names. */
  readonly overrides?: Readonly<Record<string, string>>;
}

/** The family of a region's inference profiles. */
export function toRegionFamily(region: string): RegionFamily {
  if (region.startsWith("us-gov-")) return "us-gov";
  if (region.startsWith("us-")) return "us";
  if (region.startsWith("eu-")) return "eu";
  if (region === "ap-northeast-1" || region === "ap-northeast-3") return "jp";
  if (region === "ap-southeast-2" || region === "ap-southeast-4") return "au";
  return region.startsWith("ap-") ? "apac" : "global";
}

/** Bedrock's own ids: an ARN, or a vendor before the first dot. */
const BEDROCK_ID = /^(arn:aws[a-z-]*:bedrock:|[a-z][a-z0-9-]*\.)/;

/**
 * Names for Bedrock. A `claude-…` name that is in no table is tried under the rule of the newer models: the family,
 * then `anthropic.`, then the name.
 */
export function bedrockModelNames(options: BedrockModelNamesOptions = {}): ModelNames {
  const family = options.family ?? (options.region === undefined ? "global" : toRegionFamily(options.region));
  const overrides = new Map(Object.entries(options.overrides ?? {}));
  const byName = new Map(
    CATALOG.flatMap((entry) => toNames(entry).map((name) => [name, toId(entry, family)])),
  );
  return {
    resolve(name) {
      const known = overrides.get(name) ?? byName.get(name);
      if (known !== undefined) return known;
      if (BEDROCK_ID.test(name)) return name;
      return /^claude-[a-z0-9-]+$/.test(name) ? `${family}.anthropic.${name}` : undefined;
    },
    list() {
      const own = [...overrides].filter(([name]) => !byName.has(name));
      return [
        ...own.map(([name, upstream]) => toOwn(name, upstream)),
        ...CATALOG.map((entry) => toNamed(entry)),
      ];
    },
  };

  function toNamed(entry: CatalogEntry): NamedModel {
    const upstream = overrides.get(entry.name) ?? toId(entry, family);
    return { name: entry.name, displayName: entry.displayName, upstream, createdAt: toCreatedAt(entry.base) };
  }
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

function toNames({ name, aliases = [] }: CatalogEntry): string[] {
  return [name, ...aliases];
}

/** Families without a profile of the model fall back to the one that serves everywhere, or to their continent's. */
function toId({ base, families }: CatalogEntry, family: RegionFamily): string {
  const served = families === undefined || families.includes(family) ? family : "global";
  return `${served}.${base}`;
}

/** Names for an upstream that knows the same names as the client, or any others: nothing is mapped. */
export function sameModelNames(listed: readonly string[] = []): ModelNames {
  return {
    resolve: (name) => name,
    list: () => listed.map((name) => toOwn(name, name)),
  };
}
