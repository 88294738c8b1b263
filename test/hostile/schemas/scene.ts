/** Scenes of inputs: a tool, and what it is called with. */
import type * as z from "zod";
import { declareTool } from "../../../src/tools/declare-tool.ts";
import { tool } from "../../../src/tools/define-tool.ts";
import type { JsonSchema, Tool } from "../../../src/tools/tool.ts";

/** A tool that is called. */
export interface Scene {
  readonly tool: () => Tool | Promise<Tool>;
  /** An input that the schema takes, to compile what there is to compile. */
  readonly warmUp?: unknown;
  readonly input: () => unknown;
  /** @default 1 */
  readonly calls?: number;
  /** A check that runs into its deadline takes a second: left out of the short form, where others show the same. */
  readonly isSlow?: boolean;
}

/** A tool whose schema comes from outside. */
export function far(inputSchema: JsonSchema): () => Promise<Tool> {
  return () => declareTool({ name: "far", description: "", inputSchema, allowedCallers: ["programmatic"] });
}

/** A tool of this program. */
export function near(input: JsonSchema | z.ZodType): () => Tool {
  return () => tool({ name: "near", description: "", input, execute: () => null });
}

/** A tool of this program that wants formats kept. */
export function strict(input: JsonSchema): () => Tool {
  return () => tool({ name: "strict", description: "", input, formats: "check", execute: () => null });
}

/** So many values. */
export function list<Value>(length: number, make: (at: number) => Value): Value[] {
  return Array.from({ length }, (_, at) => make(at));
}

/** An object of so many members. */
export function members<Value>(length: number, make: (at: number) => Value): Record<string, Value> {
  return Object.fromEntries(list(length, (at) => [`k${at}`, make(at)]));
}

/** A value nested in itself. */
export function nest(levels: number, inner: unknown, wrap: (value: unknown) => unknown): unknown {
  let value = inner;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}
