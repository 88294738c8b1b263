/**
 * Keys that stand where no key belongs, in a path or in the name of a model: no log and no error shows them.
 */

const PLACEHOLDER = "[redacted]";

/** What looks like a key: those made here, those of the Claude API and its like, and whatever a header would carry. */
const KEY_FORMS = /(?:tsk|\bsk)-[\w-]{16,}|\bbearer\s+[^\s"']{8,}/gi;
/** Where a key could begin or end that has no such form. */
const SEPARATORS = /[\s/?&=,;:"'`()[\]{}<>]+/;
/** Shortest key that is configured; see `MIN_KEY_CHARACTERS`. */
const MIN_KEY_CHARACTERS = 24;
/** How often a text may have been percent-encoded. */
const MAX_DECODINGS = 3;

/** Tells configured keys. */
export type IsKey = (text: string) => boolean;

/** The text without what looks like a key, or is one. */
export function redactKeys(text: string, isKey: IsKey = () => false): string {
  return redactPlain(text, isKey) ?? redactDecoded(text, isKey) ?? text;
}

/** The text without keys; undefined when it has none. */
function redactPlain(text: string, isKey: IsKey): string | undefined {
  let redacted = text.replaceAll(KEY_FORMS, PLACEHOLDER);
  for (const part of listParts(redacted)) {
    if (isKey(part)) redacted = redacted.replaceAll(part, PLACEHOLDER);
  }
  return redacted === text ? undefined : redacted;
}

/** A key in percent signs is a key: what it was found in is shown decoded. */
function redactDecoded(text: string, isKey: IsKey): string | undefined {
  let decoded = text;
  for (let round = 0; round < MAX_DECODINGS && decoded.includes("%"); round += 1) {
    decoded = decode(decoded);
    const redacted = redactPlain(decoded, isKey);
    if (redacted !== undefined) return redacted;
  }
  return undefined;
}

/** Words, and what follows a slash: a key may have slashes in it. */
function listParts(text: string): string[] {
  const parts = text.split(SEPARATORS);
  for (let at = text.indexOf("/"); at !== -1; at = text.indexOf("/", at + 1)) parts.push(text.slice(at + 1));
  parts.push(text);
  return parts.filter((part) => part.length >= MIN_KEY_CHARACTERS);
}

function decode(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    const bytes = Buffer.from(escapes.replaceAll("%", ""), "hex");
    return bytes.toString("utf8");
  });
}
