import { describe, expect, test } from "vitest";
import { toRegionFamily } from "./bedrock-profiles.ts";
import { bedrockModelNames, sameModelNames } from "./model-names.ts";

describe("toRegionFamily()", () => {
  test.each([
    ["us-east-1", "us"],
    ["us-gov-west-1", "us-gov"],
    ["eu-central-1", "eu"],
    ["ap-northeast-1", "jp"],
    ["ap-southeast-2", "au"],
    ["ap-south-1", "apac"],
    ["sa-east-1", "global"],
  ])("%s is served by %s", (region, family) => {
    expect(toRegionFamily(region)).toBe(family);
  });
});

describe("bedrockModelNames().resolve()", () => {
  test.each([
    ["eu-central-1", "claude-sonnet-5", "eu.anthropic.claude-sonnet-5"],
    ["us-east-1", "claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["us-east-1", "claude-sonnet-4-5-20250929", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["ap-northeast-1", "claude-sonnet-4-5", "jp.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["ap-northeast-1", "claude-haiku-4-5", "global.anthropic.claude-haiku-4-5-20251001-v1:0"],
    ["ap-south-1", "claude-opus-4-6", "apac.anthropic.claude-opus-4-6-v1"],
    [undefined, "claude-sonnet-5-5", "global.anthropic.claude-sonnet-5-5"],
  ])("in %s maps %s", (region, name, id) => {
    expect(bedrockModelNames({ region }).resolve(name)).toBe(id);
  });

  test.each([
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "global.anthropic.claude-opus-5",
    "qwen.qwen3-coder-480b-a35b-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-5",
  ])("leaves the Bedrock id %s as it is", (id) => {
    expect(bedrockModelNames({ region: "us-east-1" }).resolve(id)).toBe(id);
  });

  test.each([
    ["ap-south-1", "claude-opus-5", "global.anthropic.claude-opus-5"],
    ["ap-southeast-1", "claude-sonnet-5", "global.anthropic.claude-sonnet-5"],
    ["ap-southeast-2", "claude-sonnet-4-5", "au.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["ap-southeast-4", "claude-haiku-4-5", "au.anthropic.claude-haiku-4-5-20251001-v1:0"],
    ["ap-northeast-1", "claude-sonnet-4-20250514", "apac.anthropic.claude-sonnet-4-20250514-v1:0"],
    ["ca-central-1", "claude-opus-5-5", "us.anthropic.claude-opus-5-5"],
    ["us-gov-west-1", "claude-sonnet-4-5", "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    ["us-gov-west-1", "claude-opus-5", undefined],
    ["us-gov-west-1", "claude-next-9", undefined],
    ["us-east-1", "claude-opus-4-1", "us.anthropic.claude-opus-4-1-20250805-v1:0"],
    ["eu-west-1", "claude-opus-4-1-20250805", undefined],
    ["us-east-1", "claude-3-5-sonnet-20241022", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"],
    ["us-east-1", "claude-sonnet-9-20300101", "us.anthropic.claude-sonnet-9-20300101-v1:0"],
    ["us-east-1", "claude-sonnet-9", "us.anthropic.claude-sonnet-9"],
  ])("in %s uses for %s the profile that AWS lists [proxy.model-profiles]", (region, name, id) => {
    expect(bedrockModelNames({ region }).resolve(name)).toBe(id);
  });

  test("never leaves the geography when that is not wanted, and says else which models do [proxy.geography]", () => {
    const strict = bedrockModelNames({ region: "ap-south-1", mayLeave: false });
    expect(strict.resolve("claude-opus-5")).toBeUndefined();
    expect(strict.resolve("claude-opus-4-6")).toBe("apac.anthropic.claude-opus-4-6-v1");
    expect(strict.list().map(({ name }) => name)).toEqual(["claude-opus-4-6"]);
    expect(strict.resolve("global.anthropic.claude-opus-5")).toBe("global.anthropic.claude-opus-5");
    const overrides = { "claude-opus-5": "arn:aws:bedrock:x" };
    const { elsewhere } = bedrockModelNames({ region: "ap-south-1", overrides });
    expect(elsewhere).toContain("claude-sonnet-5");
    expect(elsewhere).not.toContain("claude-opus-5");
    expect(elsewhere).not.toContain("claude-opus-4-6");
    expect(bedrockModelNames({ region: "us-east-1" }).elsewhere).toEqual([]);
    expect(bedrockModelNames().elsewhere).toEqual([]);
  });

  test("knows no other names, but for those that are given", () => {
    const names = bedrockModelNames({
      family: "us",
      overrides: { fast: "amazon.nova-lite-v1:0", "claude-sonnet-5": "x.y" },
    });
    expect(["gpt-9", "", "fast", "claude-sonnet-5"].map((name) => names.resolve(name))).toEqual([
      undefined,
      undefined,
      "amazon.nova-lite-v1:0",
      "x.y",
    ]);
    expect(names.list()[0]).toEqual({
      name: "fast",
      displayName: "fast",
      upstream: "amazon.nova-lite-v1:0",
      createdAt: "1970-01-01T00:00:00Z",
    });
    expect(names.list()).toContainEqual(
      expect.objectContaining({ name: "claude-sonnet-5", upstream: "x.y" }),
    );
  });
});

test("sameModelNames() maps nothing", () => {
  const names = sameModelNames(["a"]);
  expect([names.resolve("b"), names.list().map(({ name }) => name)]).toEqual(["b", ["a"]]);
});
