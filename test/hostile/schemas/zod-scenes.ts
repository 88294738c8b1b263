/** Inputs that make a check with Zod long. */
import * as z from "zod";
import { list, members, near, nest, type Scene } from "./scene.ts";

const row = z.object({ id: z.string(), n: z.number(), note: z.string().optional() });

const tree: z.ZodType = z.lazy(() =>
  z.union([
    z.object({ a: tree }),
    z.object({ a: tree, b: z.string().optional() }),
    z.object({ end: z.literal(1) }),
  ]),
);

/** The scenes, by their names. */
export const ZOD_SCENES: Readonly<Record<string, Scene>> = {
  "wrong items, Zod": {
    tool: near(z.object({ ids: z.array(z.number()) })),
    warmUp: { ids: [1] },
    input: () => ({ ids: list(249_000, () => "") }),
  },
  "a wrong item at the end, Zod": {
    tool: near(z.object({ ids: z.array(z.number()) })),
    warmUp: { ids: [1] },
    input: () => ({ ids: [...list(249_000, () => 1), ""] }),
  },
  "wrong rows, Zod": {
    tool: near(z.object({ rows: z.array(row).min(1) })),
    input: () => ({ rows: list(62_000, (at) => ({ id: at, n: "x", note: 1 })) }),
  },
  "right rows, Zod": {
    tool: near(z.object({ rows: z.array(row).min(1) })),
    input: () => ({ rows: list(62_000, (at) => ({ id: `E${at}`, n: at, note: "x" })) }),
  },
  "rows for a union, Zod": {
    isSlow: true,
    tool: near(z.object({ rows: z.union([z.array(z.object({ x: z.string() })), z.array(row)]) })),
    input: () => ({ rows: list(62_000, (at) => ({ id: `E${at}`, n: at, x: "" })) }),
  },
  "rows for unions, Zod": {
    tool: near(
      z.object({
        rows: z.array(z.union(list(60, (at) => z.object({ kind: z.literal(at), n: z.number() })))),
      }),
    ),
    input: () => ({ rows: list(80_000, () => ({ kind: 59, n: "x" })) }),
  },
  "wrong values of a record, Zod": {
    tool: near(z.object({ map: z.record(z.string(), z.number()) })),
    input: () => ({ map: members(120_000, () => "") }),
  },
  "a recursive union, Zod": {
    tool: near(z.object({ tree })),
    input: () => ({ tree: nest(400, { end: 2 }, (a) => ({ a })) }),
  },
  "an intersection of large lists, Zod": {
    isSlow: true,
    tool: near(z.object({ ids: z.intersection(z.array(z.number()), z.array(z.number())) })),
    input: () => ({ ids: list(200_000, () => "") }),
  },
  "a pattern that is quadratic, Zod": {
    tool: near(z.object({ a: z.string().regex(/\s+$/) })),
    warmUp: { a: " " },
    input: () => ({ a: `${" ".repeat(100_000)}x` }),
  },
  "a pattern that is exponential, Zod": {
    isSlow: true,
    tool: near(z.object({ a: z.string().regex(/^(a+)+$/) })),
    warmUp: { a: "a" },
    input: () => ({ a: `${"a".repeat(40)}!` }),
    calls: 2,
  },
  "a pattern behind a transform, Zod": {
    isSlow: true,
    tool: near(
      z.object({
        a: z
          .string()
          .trim()
          .toLowerCase()
          .regex(/^(a|aa)+$/),
      }),
    ),
    input: () => ({ a: `  ${"A".repeat(60)}!` }),
  },
  "a pattern of keys, Zod": {
    isSlow: true,
    tool: near(z.object({ map: z.record(z.string().regex(/^(\w+\s?)+$/), z.number()) })),
    input: () => ({ map: { [`${"word ".repeat(20)}!`]: 1 } }),
  },
  "long texts, each for a pattern, Zod": {
    isSlow: true,
    tool: near(z.object({ all: z.array(z.string().regex(/^\s*a|\s+$/)) })),
    input: () => ({ all: list(300, (at) => `x${" ".repeat(5_000)}${at}`) }),
  },
  "formats, Zod": {
    isSlow: true,
    tool: near(
      z.object({
        email: z.email(),
        url: z.url(),
        when: z.iso.datetime(),
        span: z.iso.duration(),
        ip: z.ipv6(),
        data: z.base64(),
      }),
    ),
    input: () => ({
      email: `${"a.".repeat(500_000)}@${"a.".repeat(500_000)}`,
      url: `http://${"a.".repeat(500_000)}`,
      when: `2024-01-01T00:00:00.${"0".repeat(500_000)}`,
      span: `P${"1".repeat(500_000)}`,
      ip: ":".repeat(500_000),
      data: "A".repeat(1_000_001),
    }),
  },
  "one text of 30 MiB, Zod": {
    isSlow: true,
    tool: near(
      z.object({
        a: z
          .string()
          .trim()
          .regex(/^[^x]*$/),
      }),
    ),
    warmUp: { a: "" },
    input: () => ({ a: "a".repeat(30 * 1024 * 1024) }),
  },
  "1,500 nulls for optional fields, Zod": {
    tool: near(z.object(members(1_500, () => z.string().optional()))),
    input: () => members(1_500, () => null),
  },
  "unknown fields, strict Zod": {
    tool: near(z.strictObject({ a: z.string().optional() })),
    input: () => members(120_000, () => 1),
  },
  "unknown fields, loose Zod": {
    isSlow: true,
    tool: near(z.looseObject({ a: z.string().optional() })),
    input: () => members(120_000, () => 1),
  },
  "a format with a pattern of its own, Zod": {
    isSlow: true,
    tool: near(z.object({ a: z.stringFormat("own", /^(a+)+$/) })),
    input: () => ({ a: `${"a".repeat(40)}!` }),
  },
  "a compiled schema, Zod": {
    isSlow: true,
    tool: near(z.compile(z.object({ a: z.string().regex(/^(a+)+$/) }))),
    input: () => ({ a: `${"a".repeat(40)}!` }),
  },
  "a template, Zod": {
    isSlow: true,
    tool: near(z.object({ a: z.templateLiteral([z.string().regex(/^(a+)+$/), "-"]) })),
    input: () => ({ a: `${"a".repeat(40)}!` }),
  },
  "any JSON, Zod": {
    isSlow: true,
    tool: near(z.object({ a: z.json() })),
    input: () => ({ a: list(60_000, (at) => ({ a: [at] })) }),
  },
};
