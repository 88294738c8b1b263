/** The guest program as a checkout makes it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { guestProgram } from "./guest-program.ts";

const SOURCES = fileURLToPath(new URL("guest/", import.meta.url));

test("guestProgram() is JavaScript with everything that it imports beside it", () => {
  const entry = guestProgram();
  expect(entry).toMatch(/main\.js$/);
  const folder = dirname(entry);
  const wanted = readdirSync(SOURCES).filter((name) => !name.includes(".test."));
  expect(readdirSync(folder).toSorted()).toEqual(wanted.map((name) => name.replace(/ts$/, "js")).toSorted());
  const imports = readdirSync(folder).flatMap((name) => [
    ...readFileSync(join(folder, name), "utf8").matchAll(/from "\.\/([^"]+)"/g),
  ]);
  expect(imports.length).toBeGreaterThan(wanted.length);
  for (const [, name = ""] of imports) expect([name, existsSync(join(folder, name))]).toEqual([name, true]);
});
