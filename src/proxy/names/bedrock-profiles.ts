/**
 * Which inference profiles Bedrock has of which Claude model: data, with where it is from.
 *
 * `us`, `eu`, `jp`, `au`, `apac` and `us-gov` keep requests in their geography, `global` serves them anywhere. Sources: AWS's
 * model cards and the table "Supported Regions and models for inference profiles", read 2026-11-25; what a card does not
 * say and was concluded from its neighbours is marked as a guess.
 */

/** Where requests are to be served: the first part of an inference profile's id. */
export type RegionFamily = "us" | "eu" | "apac" | "jp" | "au" | "us-gov" | "global";

/** A Claude model on Bedrock. */
export interface BedrockModel {
  /** The Claude API's name. */
  readonly name: string;
  readonly displayName: string;
  /** The id without its region family. */
  readonly base: string;
  /** Other names of the same model. */
  readonly aliases?: readonly string[];
  readonly families: readonly RegionFamily[];
  /** Not listed: there is a newer one of its line. */
  readonly isOld?: boolean;
}

/** Of Opus 5 by its card. Later ones: a guess. */
const NEWEST: readonly RegionFamily[] = ["us", "eu", "au", "global"];

/** What a name stands for that is in no table: the newest are named like this. */
export const UNKNOWN_FAMILIES = NEWEST;

/** Newest first. Bases with a date or a version are those that Bedrock had before Claude 4.7. */
export const BEDROCK_MODELS: readonly BedrockModel[] = [
  newest("claude-opus-5-5", "Claude Opus 5.5"),
  newest("claude-sonnet-5-5", "Claude Sonnet 5.5"),
  newest("claude-haiku-5-5", "Claude Haiku 5.5"),
  newest("claude-fable-5-2", "Claude Fable 5.2"),
  newest("claude-opus-5", "Claude Opus 5"),
  newest("claude-sonnet-5", "Claude Sonnet 5"),
  newest("claude-fable-5", "Claude Fable 5"),
  { ...newest("claude-opus-4-8", "Claude Opus 4.8"), families: ["us", "eu", "jp", "au", "global"] },
  // A guess: as 4.8.
  { ...newest("claude-opus-4-7", "Claude Opus 4.7"), families: ["us", "eu", "jp", "au", "global"] },
  {
    name: "claude-opus-4-6",
    displayName: "Claude Opus 4.6",
    base: "anthropic.claude-opus-4-6-v1",
    families: ["us", "eu", "apac", "au", "global"],
  },
  {
    name: "claude-sonnet-4-6",
    displayName: "Claude Sonnet 4.6",
    base: "anthropic.claude-sonnet-4-6",
    families: ["us", "eu", "jp", "au", "global"],
  },
  dated("claude-opus-4-5-20251101", "Claude Opus 4.5", ["us", "eu", "global"], ["claude-opus-4-5"]),
  dated("claude-haiku-4-5-20251001", "Claude Haiku 4.5", ["us", "eu", "au", "global"], ["claude-haiku-4-5"]),
  dated(
    "claude-sonnet-4-5-20250929",
    "Claude Sonnet 4.5",
    ["us", "eu", "jp", "au", "us-gov", "global"],
    ["claude-sonnet-4-5"],
  ),
  old("claude-opus-4-1-20250805", "Claude Opus 4.1", ["us"], ["claude-opus-4-1"]),
  old("claude-opus-4-20250514", "Claude Opus 4", ["us"], ["claude-opus-4-0"]),
  old("claude-sonnet-4-20250514", "Claude Sonnet 4", ["us", "eu", "apac", "global"], ["claude-sonnet-4-0"]),
  old(
    "claude-3-7-sonnet-20250219",
    "Claude 3.7 Sonnet",
    ["us", "eu", "apac", "us-gov"],
    ["claude-3-7-sonnet-latest"],
  ),
  {
    ...old(
      "claude-3-5-sonnet-20241022",
      "Claude 3.5 Sonnet v2",
      ["us", "apac"],
      ["claude-3-5-sonnet-latest"],
    ),
    base: "anthropic.claude-3-5-sonnet-20241022-v2:0",
  },
  old("claude-3-5-sonnet-20240620", "Claude 3.5 Sonnet", ["us", "eu", "apac", "us-gov"]),
  old("claude-3-5-haiku-20241022", "Claude 3.5 Haiku", ["us"], ["claude-3-5-haiku-latest"]),
  old("claude-3-opus-20240229", "Claude 3 Opus", ["us"], ["claude-3-opus-latest"]),
  old("claude-3-haiku-20240307", "Claude 3 Haiku", ["us", "eu", "apac", "us-gov"]),
];

/** From 4.7 on the base is the name. */
function newest(name: string, displayName: string): BedrockModel {
  return { name, displayName, base: `anthropic.${name}`, families: NEWEST };
}

/** Before, it had a date and a version. */
function dated(
  name: string,
  displayName: string,
  families: readonly RegionFamily[],
  aliases: readonly string[] = [],
): BedrockModel {
  return { name, displayName, base: `anthropic.${name}-v1:0`, families, aliases };
}

function old(
  name: string,
  displayName: string,
  families: readonly RegionFamily[],
  aliases: readonly string[] = [],
): BedrockModel {
  return { ...dated(name, displayName, families, aliases), isOld: true };
}

/** The family of a region's inference profiles. */
export function toRegionFamily(region: string): RegionFamily {
  if (region.startsWith("us-gov-")) return "us-gov";
  if (region.startsWith("us-") || region.startsWith("ca-")) return "us";
  if (region.startsWith("eu-")) return "eu";
  if (region === "ap-northeast-1" || region === "ap-northeast-3") return "jp";
  if (region === "ap-southeast-2" || region === "ap-southeast-4") return "au";
  return region.startsWith("ap-") ? "apac" : "global";
}

/** The family that serves a model for those who are in `family`: their own, else the one that serves anywhere. */
export function findFamily(
  families: readonly RegionFamily[],
  family: RegionFamily,
): RegionFamily | undefined {
  if (families.includes(family)) return family;
  // Profiles of Japan and Australia are newer than the one of Asia and the Pacific, which served both before.
  if ((family === "jp" || family === "au") && families.includes("apac")) return "apac";
  // The partition of the government has no way out.
  return family !== "us-gov" && families.includes("global") ? "global" : undefined;
}
