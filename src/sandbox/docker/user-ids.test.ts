import { describe, expect, test } from "vitest";
import { DEFAULT_USER_IDS, drawUser, isDrawnUser } from "./user-ids.ts";

const ids = { first: 20_000, last: 20_003 };

describe("drawUser()", () => {
  test("draws every number of the range and no other", () => {
    const drawn = new Set(Array.from({ length: 500 }, () => drawUser(ids)));
    expect([...drawn].toSorted()).toEqual(["20000:20000", "20001:20001", "20002:20002", "20003:20003"]);
  });

  test("draws from a range in which two sessions hardly ever meet", () => {
    const drawn = Array.from({ length: 200 }, () => drawUser(DEFAULT_USER_IDS));
    expect(new Set(drawn).size).toBeGreaterThan(198);
    expect(drawn.every((user) => isDrawnUser(user, DEFAULT_USER_IDS))).toBe(true);
  });
});

describe("isDrawnUser()", () => {
  test.each([
    "20000",
    "20000:20001",
    "19999:19999",
    "20004:20004",
    "0:0",
    "root",
    "",
    "020000:020000",
    "20000:20000:20000",
    " 20000:20000",
    "2e4:2e4",
    "20000.5:20000.5",
    "+20000:+20000",
    "20000:0",
    undefined,
    20_000,
    ["20000:20000"],
  ])("refuses %j", (user) => {
    expect(isDrawnUser(user, ids)).toBe(false);
  });
});
