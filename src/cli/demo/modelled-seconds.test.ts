import { describe, expect, test } from "vitest";

import {
  describeAssumptions,
  MODEL_READ_TOKENS_PER_SECOND,
  MODEL_REQUEST_SECONDS,
  MODEL_WRITE_TOKENS_PER_SECOND,
  toModelledSeconds,
} from "./modelled-seconds.ts";

describe("toModelledSeconds()", () => {
  test("adds requests, reading and writing", () => {
    const seconds = toModelledSeconds({
      samples: 2,
      inputTokens: 3 * MODEL_READ_TOKENS_PER_SECOND,
      outputTokens: 5 * MODEL_WRITE_TOKENS_PER_SECOND,
    });
    expect(seconds).toBeCloseTo(2 * MODEL_REQUEST_SECONDS + 3 + 5);
  });
});

describe("describeAssumptions()", () => {
  test("names every constant", () => {
    expect(describeAssumptions()).toBe("0.8 s for each request, 8,000 tokens/s read, 60 tokens/s written");
  });
});
