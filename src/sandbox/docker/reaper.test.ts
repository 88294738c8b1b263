import { describe, expect, test } from "vitest";
import { HOST_LABELS, containerLabels } from "./container-spec.ts";
import { readHostIdentity } from "./host-identity.ts";
import { isLeftBehind } from "./reaper.ts";

const self = readHostIdentity();
const options = { self, reapAfterMs: 1_000, nowMs: 10_000 };
const listed = (labels: Record<string, string>) => ({ id: "c", state: "running", labels });

describe("isLeftBehind()", () => {
  test("keeps a container of a live host, whatever its age", () => {
    expect(isLeftBehind(listed(containerLabels(self, 0)), options)).toBe(false);
  });

  test("gives up a container of a dead host, however young", () => {
    const dead = { ...self, startedAt: "1" };
    expect(isLeftBehind(listed(containerLabels(dead, options.nowMs)), options)).toBe(true);
  });

  test("goes by the age where the host cannot be looked at", () => {
    const foreign = { ...self, machine: "elsewhere" };
    expect(isLeftBehind(listed(containerLabels(foreign, 9_001)), options)).toBe(false);
    expect(isLeftBehind(listed(containerLabels(foreign, 9_000)), options)).toBe(true);
  });

  test("[docker.lease] gives up a container whose lease has run out, whoever its host is", () => {
    const foreign = { ...self, machine: "elsewhere" };
    for (const host of [self, foreign]) {
      expect(isLeftBehind(listed(containerLabels(host, 9_500, 501)), options)).toBe(false);
      expect(isLeftBehind(listed(containerLabels(host, 9_500, 500)), options)).toBe(true);
    }
    const broken = { ...containerLabels(self, 9_500), [HOST_LABELS.leaseUntil]: "never" };
    expect(isLeftBehind(listed(broken), options)).toBe(true);
  });

  test("takes a container whose labels cannot be read for an old one", () => {
    expect(isLeftBehind(listed({ [HOST_LABELS.createdAt]: "yesterday" }), options)).toBe(true);
  });
});
