/**
 * Writes a value as JSON text in pieces, so that a large one can be written in shares of a turn. The pieces together are
 * what `JSON.stringify` gives.
 */

/** What is written at once: parts, of which {@link CHARS_A_PART} characters count as one. */
const WHOLE_WEIGHT = 1_000;
const CHARS_A_PART = 64;
/** Characters of a long string that are written at once. */
const TEXT_CHARS = WHOLE_WEIGHT * CHARS_A_PART;
/** Characters of small members that are handed out together. */
const MIN_PIECE_CHARS = 16 * 1024;

/** The keys of objects that have very many: to list them takes long, so it is done once. */
type WideKeys = ReadonlyMap<unknown, readonly string[]>;

/**
 * The pieces of the text of `value`.
 *
 * @param wide The keys of objects that have many, where they are known.
 * @throws {TypeError} for what JSON cannot say, such as a bigint
 */
export function* writeJson(value: unknown, wide: WideKeys = new Map()): Generator<string, void> {
  if (weigh(value, WHOLE_WEIGHT, wide) <= WHOLE_WEIGHT) yield JSON.stringify(value) ?? "null";
  else if (typeof value === "string") yield* writeText(value);
  else if (Array.isArray(value)) yield* writeItems(value, wide);
  else yield* writeMembers(value as Readonly<Record<string, unknown>>, wide);
}

/** A string in slices. One that ends within a character gives two escapes, which a reader puts together again. */
function* writeText(text: string): Generator<string, void> {
  yield '"';
  for (let at = 0; at < text.length; at += TEXT_CHARS) {
    yield JSON.stringify(text.slice(at, at + TEXT_CHARS)).slice(1, -1);
  }
  yield '"';
}

/** An array: neighbouring items together, as long as they are small. */
function* writeItems(items: readonly unknown[], wide: WideKeys): Generator<string, void> {
  if (items.length === 0) {
    yield "[]";
    return;
  }
  let separator = "[";
  let from = 0;
  let weight = 0;
  for (const [at, item] of items.entries()) {
    const own = weigh(item, WHOLE_WEIGHT, wide);
    weight += own;
    if (weight <= WHOLE_WEIGHT) continue;
    if (at > from) {
      yield separator + toItemsText(items.slice(from, at));
      separator = ",";
    }
    weight = own;
    from = at;
    if (own > WHOLE_WEIGHT) {
      yield separator;
      yield* writeJson(item, wide);
      separator = ",";
      weight = 0;
      from = at + 1;
    }
  }
  if (items.length > from) yield separator + toItemsText(items.slice(from));
  yield "]";
}

function toItemsText(items: readonly unknown[]): string {
  return JSON.stringify(items).slice(1, -1);
}

/** An object: neighbouring members together, as long as they are small. */
function* writeMembers(members: Readonly<Record<string, unknown>>, wide: WideKeys): Generator<string, void> {
  let text = "{";
  let isFirst = true;
  for (const key of wide.get(members) ?? Object.keys(members)) {
    const value = members[key];
    if (value === undefined || typeof value === "function" || typeof value === "symbol") continue;
    text += isFirst ? "" : ",";
    isFirst = false;
    if (weigh(key, WHOLE_WEIGHT, wide) + weigh(value, WHOLE_WEIGHT, wide) <= WHOLE_WEIGHT) {
      text += `${JSON.stringify(key)}:${JSON.stringify(value)}`;
      if (text.length < MIN_PIECE_CHARS) continue;
    } else {
      yield text;
      yield* writeJson(key, wide);
      yield ":";
      yield* writeJson(value, wide);
      text = "";
    }
    yield text;
    text = "";
  }
  yield `${text}}`;
}

/** Parts of a value and what its texts count for, as far as `limit`. */
function weigh(value: unknown, limit: number, wide: WideKeys): number {
  if (typeof value === "string") return 1 + value.length / CHARS_A_PART;
  if (typeof value !== "object" || value === null) return 1;
  const width = Array.isArray(value) ? value.length : (wide.get(value)?.length ?? 0);
  if (width >= limit) return limit + 1;
  let weight = 1;
  for (const key in value) {
    const part = (value as Readonly<Record<string, unknown>>)[key];
    weight += 1 + key.length / CHARS_A_PART + weigh(part, limit - weight, wide);
    if (weight > limit) return weight;
  }
  return weight;
}
