/**
 * Makes bad requests out of good ones, always the same ones for the same seed.
 */

/** Numbers from 0 up to 1, always the same for a seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of a list. */
export function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

/** Words that mean something somewhere in a request. */
const WORDS = [
  "",
  "user",
  "assistant",
  "system",
  "text",
  "tool_use",
  "tool_result",
  "server_tool_use",
  "code_execution_tool_result",
  "code_execution_result",
  "code_execution_20250522",
  "code_execution_20260120",
  "code_execution_20991231",
  "code_execution",
  "bash_code_execution",
  "direct",
  "auto",
  "any",
  "tool",
  "container_01unknown",
  "toolu_01unknown",
  "srvtoolu_01unknown",
  "__proto__",
  "constructor",
  "toString",
  "#/definitions/self",
  "\u0000\ud800\u{1F600}",
  "x".repeat(5000),
];

const KEYS = [
  "type",
  "id",
  "name",
  "role",
  "content",
  "input",
  "caller",
  "tool_use_id",
  "container",
  "tools",
  "tool_choice",
  "allowed_callers",
  "input_schema",
  "$ref",
  "system",
  "stream",
  "thinking",
  "thread",
  "__proto__",
  "constructor",
  "length",
];

const SCALARS: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  -0,
  2 ** 53,
  [],
  {},
  [[]],
  [{}],
  [null],
];

type Random = () => number;
type Json = unknown;

function junk(random: Random): Json {
  const kind = random();
  if (kind < 0.45) return pick(SCALARS, random);
  if (kind < 0.85) return pick(WORDS, random);
  if (kind < 0.92) return { type: pick(WORDS, random), [pick(KEYS, random)]: pick(WORDS, random) };
  if (kind < 0.97) return { $ref: "#", properties: { self: { $ref: "#/definitions/self" } } };
  return nest(pick([10, 100, 600], random));
}

function nest(levels: number): Json {
  let value: Json = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A place in a body: an object or array and a key of it. */
interface Place {
  readonly holder: Record<string, Json>;
  readonly key: string;
}

function listPlaces(value: Json, places: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return places;
  const holder = value as Record<string, Json>;
  for (const key of Object.keys(holder)) {
    places.push({ holder, key });
    listPlaces(holder[key], places);
  }
  return places;
}

const CHANGES: readonly ((place: Place, random: Random) => void)[] = [
  ({ holder, key }, random) => {
    holder[key] = junk(random);
  },
  ({ holder, key }) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  },
  ({ holder, key }) => {
    if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
    else holder[`${key}_copy`] = holder[key];
  },
  ({ holder }, random) => {
    define(holder, pick(KEYS, random), junk(random));
  },
  ({ holder }) => {
    if (Array.isArray(holder)) holder.reverse();
  },
  ({ holder, key }) => {
    holder[key] = [holder[key]];
  },
  ({ holder, key }) => {
    holder[key] = typeof holder[key] === "string" ? `${holder[key]}x` : String(holder[key]);
  },
];

/** Sets a key of its own, also one that is named like a part of every object. */
function define(holder: Record<string, Json>, key: string, value: Json): void {
  if (Array.isArray(holder)) holder.push(value);
  else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A body with one to three changes. The given one is left as it is. */
export function mutateBody(body: object, random: Random): unknown {
  const copy: unknown = structuredClone(body);
  const changes = 1 + Math.floor(random() * 3);
  for (let change = 0; change < changes; change += 1) {
    const places = listPlaces(copy);
    if (places.length === 0) return copy;
    pick(CHANGES, random)(pick(places, random), random);
  }
  return copy;
}

/** A text with some characters lost, doubled or exchanged. */
export function mutateText(text: string, random: Random): string {
  const at = Math.floor(random() * text.length);
  const kind = random();
  if (kind < 0.3) return text.slice(0, at);
  if (kind < 0.6) return text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 4));
  if (kind < 0.8) {
    return (
      text.slice(0, at) + pick(['"', "{", "]", ",", "\\", "\u0000", "\ud800", "1"], random) + text.slice(at)
    );
  }
  return text + text;
}
