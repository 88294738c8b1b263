/**
 * Refuses recursive schemas of tools that scripts may call, as the Messages API does: they have no finite Python type.
 */
import { invalidRequest } from "../errors/api-error.ts";

/** @throws {ApiError} with `Circular $ref detected` in its text */
export function checkNoCircularRef(schema: Readonly<Record<string, unknown>>, path: string): void {
  const done = new Set<string>();

  function visit(value: unknown, open: ReadonlySet<string>): void {
    if (typeof value !== "object" || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      if (isRef(key) && typeof part === "string") follow(part, open);
      else visit(part, open);
    }
  }

  function follow(ref: string, open: ReadonlySet<string>): void {
    if (open.has(ref)) throw invalidRequest(`${path}: Circular $ref detected: ${ref}`);
    if (done.has(ref) || !ref.startsWith("#")) return;
    visit(resolve(schema, ref), new Set([...open, ref]));
    done.add(ref);
  }

  visit(schema, new Set(["#"]));
}

function isRef(key: string): boolean {
  return key === "$ref" || key === "$recursiveRef" || key === "$dynamicRef";
}

/** What a JSON pointer in a fragment leads to; undefined when there is nothing. */
function resolve(root: unknown, ref: string): unknown {
  let target: unknown = root;
  for (const part of ref.slice(1).split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) return undefined;
    target = (target as Record<string, unknown>)[key];
  }
  return target;
}
