/** A decoded JSON object, and how to know one. */

/** A JSON object of unknown keys. */
export type JsonObject = Record<string, unknown>;

/** A string as it is, anything else as JSON. */
export function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** Whether `value` is a JSON object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
