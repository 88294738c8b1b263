import { describe, expect, test } from "vitest";
import { bedrockModelNames, sameModelNames, toRegionFamily } from "./model-names.ts";

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
