import { describe, expect, test } from "vitest";
import { Shelf } from "./shelf.ts";

describe("Shelf", () => {
  test("lets go what was not asked for for longest, when bytes or values are too many", () => {
    const gone: string[] = [];
    const shelf = new Shelf<string, string>(3, 100, (value) => gone.push(value));
    for (const name of ["a", "b", "c"]) shelf.keep(name, name.toUpperCase(), 10);
    expect(shelf.take("a")).toBe("A");
    shelf.keep("d", "D", 10);
    expect(gone).toEqual(["B"]);
    shelf.keep("e", "E", 85);
    expect(gone).toEqual(["B", "C", "A"]);
    expect(shelf.take("d")).toBe("D");
    expect(shelf.take("b")).toBeUndefined();
  });

  test("counts a key once, and keeps nothing that is too large for it", () => {
    const shelf = new Shelf<string, number>(10, 100);
    for (let round = 0; round < 20; round += 1) shelf.keep("same", round, 60);
    expect(shelf.take("same")).toBe(19);
    shelf.keep("huge", 1, 101);
    expect(shelf.take("huge")).toBeUndefined();
  });
});
