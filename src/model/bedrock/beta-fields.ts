/**
 * Takes out of a Messages API request the fields whose beta InvokeModel does not take, so that a client which asks for
 * more than there is gets what there is. Beta fields by the types of the official SDK, 1.14 (November 2026).
 */
import { isRecord } from "../is-record.ts";
import type { ModelMessage, ModelRequest } from "../model.ts";
import type { Note } from "./strip-note.ts";

/** How thinking may be shown without a beta; `updates` needs `thinking-display-updates-2026-08-18`. */
const DISPLAYS: ReadonlySet<unknown> = new Set(["summarized", "omitted"]);

/** The body's own parts: thinking and output. */
export function withoutBetaFields(request: ModelRequest, note: Note): ModelRequest {
  const thinking = stripThinking(request["thinking"], note);
  const output = without(request["output_config"], "output_config", ["task_budget"], note);
  if (thinking === request["thinking"] && output === request["output_config"]) return request;
  return { ...request, thinking, output_config: output };
}

/** What thinking models without betas take. */
export function stripThinking(thinking: unknown, note: Note): unknown {
  const unbound = without(thinking, "thinking", ["block_binding"], note);
  if (!isRecord(unbound)) return unbound;
  const { display = null } = unbound;
  return display === null || DISPLAYS.has(display)
    ? unbound
    : without(unbound, "thinking", ["display"], note);
}

/** A message with its role and content alone: all else belongs to betas. The same message when that is all. */
export function stripMessageFields(message: ModelMessage, path: () => string, note: Note): ModelMessage {
  const keys = Object.keys(message);
  if (keys.every((key) => key === "role" || key === "content")) return message;
  for (const key of keys) {
    if (key !== "role" && key !== "content") note(() => `${path()}.${key}`, BETA);
  }
  return { role: message.role, content: message.content };
}

const BETA = "its beta is not among those that InvokeModel takes";

/** The value without these keys; undefined when nothing is left of it, the value itself when it has none of them. */
function without(value: unknown, path: string, keys: readonly string[], note: Note): unknown {
  if (!isRecord(value)) return value;
  const gone = keys.filter((key) => Object.hasOwn(value, key));
  if (gone.length === 0) return value;
  for (const key of gone) note(() => `${path}.${key}`, BETA);
  const left = Object.entries(value).filter(([key]) => !gone.includes(key));
  return left.length === 0 ? undefined : Object.fromEntries(left);
}
