/**
 * Allow-lists of models: names in which `*` stands for any characters.
 */

/** A test of names; without globs every name passes. */
export function createModelFilter(globs: readonly string[] | undefined): (name: string) => boolean {
  if (globs === undefined) return () => true;
  return (name) => globs.some((glob) => matchesGlob(name, glob));
}

/** Part by part and without a regular expression: a list with many stars cannot make it slow. */
function matchesGlob(name: string, glob: string): boolean {
  const [first = "", ...rest] = glob.split("*");
  const last = rest.pop();
  if (last === undefined) return name === glob;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
