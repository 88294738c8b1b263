/**
 * Reads JSON that every reader must understand in the same way.
 *
 * The daemon is written in Go, whose decoder takes keys in any letter case and lets the last of several win:
 * `{"hostconfig":{…},"HostConfig":{…}}` means one thing here and another there. So two keys of one object that are the
 * same but for their case are refused.
 */
import { malformed } from "./refusal.ts";

const STRING_OR_BRACKET = /"(?:[^"\\]|\\.)*"|[{}[\]]/g;

/** Parses text. @throws {Refusal} 400 when it is no JSON, or has an ambiguous key */
export function parseStrictJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed("the body is not JSON");
  }
  const twice = findAmbiguousKey(text);
  if (twice !== undefined) throw malformed(`the key "${twice}" is there twice, letter case aside`);
  return value;
}

/** Walks text that is known to be JSON, so that a string before a colon is a key and nothing else is. */
function findAmbiguousKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const { 0: token, index } of text.matchAll(STRING_OR_BRACKET)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (isKey(text, index + token.length)) {
      const key = JSON.parse(token) as string;
      const keys = open.at(-1);
      if (keys?.has(fold(key)) === true) return key;
      keys?.add(fold(key));
    }
  }
  return undefined;
}

function isKey(text: string, end: number): boolean {
  let next = end;
  while (" \t\n\r".includes(text.charAt(next)) && next < text.length) next += 1;
  return text.charAt(next) === ":";
}

/** As Go compares keys: it also takes the Kelvin sign for a k, and the long s for an s. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase();
}
