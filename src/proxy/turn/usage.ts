/**
 * Token counts over several samples of one turn, in the shape of the Messages API.
 */
import type { ModelUsage } from "../../model/model.ts";

/** What a response reports that needed no sample. */
export const NO_USAGE: ModelUsage = {
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
};

/** Adds counts, nested ones too; of anything but numbers the later value counts. */
export function addUsage(total: ModelUsage, more: ModelUsage): ModelUsage {
  return addObjects(total, more);
}

function addObjects(
  total: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const sum: Record<string, unknown> = { ...total };
  for (const [key, value] of Object.entries(more)) sum[key] = addValues(total[key], value);
  return sum;
}

function addValues(before: unknown, value: unknown): unknown {
  if (typeof value === "number") return typeof before === "number" ? before + value : value;
  if (isObject(value) && isObject(before)) return addObjects(before, value);
  return value ?? before;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
