/**
 * Compares what was asked for with what is wanted, and names the first difference by its path.
 */

const MAX_SHOWN_CHARACTERS = 120;

/** A sentence about the first difference, or undefined when both are the same. The order of keys does not count. */
export function compareWithTemplate(given: unknown, wanted: unknown, path = ""): string | undefined {
  if (Array.isArray(wanted)) return compareArrays(given, wanted, path);
  if (typeof wanted === "object" && wanted !== null) {
    return compareObjects(given, wanted as Record<string, unknown>, path);
  }
  return Object.is(given, wanted) ? undefined : differs(path, given, wanted);
}

function compareArrays(given: unknown, wanted: readonly unknown[], path: string): string | undefined {
  if (!Array.isArray(given) || given.length !== wanted.length) return differs(path, given, wanted);
  for (const [index, value] of wanted.entries()) {
    const difference = compareWithTemplate(given[index], value, `${path}[${index}]`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function compareObjects(given: unknown, wanted: Record<string, unknown>, path: string): string | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return differs(path, given, wanted);
  }
  const values = given as Record<string, unknown>;
  const unknown = Object.keys(values).find((key) => !Object.hasOwn(wanted, key));
  if (unknown !== undefined) {
    return `the field "${join(path, unknown)}" is not part of the hardened container`;
  }
  for (const [key, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(values, key)) return differs(join(path, key), undefined, value);
    const difference = compareWithTemplate(values[key], value, join(path, key));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function join(path: string, key: string): string {
  const shown = key.slice(0, MAX_SHOWN_CHARACTERS);
  return path === "" ? shown : `${path}.${shown}`;
}

function differs(path: string, given: unknown, wanted: unknown): string {
  return `"${path}" is ${show(given)}, wanted ${show(wanted)}`;
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value) ?? "";
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}…`;
}
