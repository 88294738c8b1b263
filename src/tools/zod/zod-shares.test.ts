import * as z from "zod";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../../test/hostile/random.ts";
import { generateInput, generateZod } from "../../../test/hostile/schemas/generate.ts";
import { TurnShare } from "../../turn-share.ts";
import { InputWalk } from "../input-size.ts";
import { type ZodResult, ZodRunner, ZodWatch } from "./zod-run.ts";
import { parseInShares } from "./zod-shares.ts";
import { readZodTree } from "./zod-tree.ts";

/** Checks in pieces of so few parts that every container is followed. */
function parseInPieces(schema: z.ZodType, value: unknown, pieceParts = 2): Promise<ZodResult> {
  const runner = new ZodRunner(new ZodWatch(readZodTree(schema)), { owner: schema });
  const walk = new InputWalk(value);
  walk.advance(Infinity);
  return parseInShares(schema, value, {
    share: new TurnShare(),
    run: (piece, part, abortEarly) => runner.run(piece, part, abortEarly),
    pieceParts,
    wideKeys: walk.wideKeys,
    maxIssues: 100,
  });
}

function pathsOf(result: ZodResult): string[] {
  return result.ok ? [] : (result.issues ?? []).map((issue) => issue.path.join("."));
}

describe("parseInShares()", () => {
  test("gives what Zod gives, for any schema and value", async () => {
    let accepted = 0;
    for (let seed = 1; seed <= 400; seed += 1) {
      const random = createRandom(seed);
      const schema = generateZod(random);
      for (let at = 0; at < 4; at += 1) {
        const value = generateInput(random, 30);
        const want = schema.safeParse(value);
        const got = await parseInPieces(schema, value);
        const given = { ok: got.ok, value: got.ok ? got.value : undefined };
        expect(given, `seed ${seed}, value ${at}: ${JSON.stringify(value)}`).toEqual({
          ok: want.success,
          value: want.data,
        });
        accepted += got.ok ? 1 : 0;
      }
    }
    expect(accepted).toBeGreaterThan(200);
  });

  test("finds problems where they are", async () => {
    const rows = z.object({ rows: z.array(z.object({ id: z.string(), tags: z.array(z.string()) })) });
    const row = { id: "a", tags: ["x", "y", "z"] };
    const value = { rows: [row, row, { id: 1, tags: ["x", 2] }] };
    expect(pathsOf(await parseInPieces(rows, value))).toEqual(["rows.2.id", "rows.2.tags.1"]);
    const map = z.record(z.string(), z.array(z.number()));
    expect(pathsOf(await parseInPieces(map, { a: [1, 2, 3], b: [4, 5, ""] }))).toEqual(["b.2"]);
    const choice = z.union([z.array(z.number()), z.array(z.string())]);
    expect(await parseInPieces(choice, [1, 2, 3, "x"])).toMatchObject({
      issues: [{ code: "invalid_union", errors: [[{ path: [3] }], [{ path: [0] }, { path: [1] }]] }],
    });
  });

  test("runs refinements of containers on the whole, and transforms once", async () => {
    let runs = 0;
    const schema = z.object({
      items: z.array(z.string().transform((text) => text.length)).refine((items) => items.length === 5),
      sum: z.array(z.number()).transform((items) => {
        runs += 1;
        return items.reduce((total, item) => total + item, 0);
      }),
      rest: z.array(z.number()).readonly().default([]),
    });
    const value = { items: ["a", "bb", "ccc", "", "e"], sum: [1, 2, 3, 4], rest: [1, 2, 3, 4] };
    const result = await parseInPieces(schema, value);
    expect(result).toEqual({ ok: true, value: { items: [1, 2, 3, 0, 1], sum: 10, rest: [1, 2, 3, 4] } });
    expect(runs).toBe(1);
    expect(Object.isFrozen((result as { value: { rest: unknown } }).value.rest)).toBe(true);
  });

  test("refuses what is far too large for a schema that is checked as a whole", async () => {
    const both = z.intersection(z.array(z.number()), z.array(z.number()));
    expect(
      await parseInPieces(
        both,
        Array.from({ length: 100 }, () => 1),
      ),
    ).toMatchObject({
      ok: false,
      text: expect.stringContaining('the kind "intersection"') as string,
    });
  });

  test("leaves the schema as it was", async () => {
    const pattern = /^(a+)+$/;
    const schema = z.object({
      a: z.string().regex(pattern),
      b: z.lazy(() => z.union([z.string(), z.number()])),
    });
    const before = [...readZodTree(schema).patterns];
    await parseInPieces(schema, { a: "aaaa", b: 1 });
    await parseInPieces(schema, { a: `${"a".repeat(40)}!`, b: "x" });
    expect(readZodTree(schema).patterns.map((slot) => slot.pattern)).toEqual(
      before.map((slot) => slot.pattern),
    );
    expect(readZodTree(schema).patterns[0]?.pattern).toBe(pattern);
  });
});
