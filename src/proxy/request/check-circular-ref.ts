/**
 * Refuses recursive schemas of tools that scripts may call, as the Messages API does: they have no finite Python type.
 *
 * Work grows with the schema and no faster: a reference is followed once, and nothing recurs on the stack.
 */
import type { Steps } from "../../turn-share.ts";
import { invalidRequest } from "../errors/api-error.ts";
import { quoted } from "../errors/shown-text.ts";

/** Longest reference that is followed, in characters. */
const MAX_REF_CHARACTERS = 4_096;

/** What is left to do: look at a value, follow a reference, or take one as followed to its end. */
type Task = { readonly value: object } | { readonly ref: string } | { readonly followed: string };

/** @throws {ApiError} with `Circular $ref detected` in its text */
export function* checkNoCircularRef(schema: Readonly<Record<string, unknown>>, path: string): Steps<void> {
  const done = new Set<string>();
  /** The references that lead to what is looked at. */
  const open = new Set(["#"]);
  const tasks: Task[] = [{ value: schema }];

  function visit(value: object): void {
    for (const [key, part] of Object.entries(value as Record<string, unknown>)) {
      if (isRef(key) && typeof part === "string") tasks.push({ ref: part });
      else if (typeof part === "object" && part !== null) tasks.push({ value: part });
    }
  }

  function follow(ref: string): void {
    if (open.has(ref)) throw invalidRequest(`${path}: Circular $ref detected: ${quoted(ref)}`);
    if (done.has(ref) || !ref.startsWith("#") || ref.length > MAX_REF_CHARACTERS) return;
    const target = resolve(schema, ref);
    if (typeof target !== "object" || target === null) return;
    open.add(ref);
    tasks.push({ followed: ref }, { value: target });
  }

  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if ("value" in task) visit(task.value);
    else if ("ref" in task) follow(task.ref);
    else if (open.delete(task.followed)) done.add(task.followed);
    yield;
  }
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
