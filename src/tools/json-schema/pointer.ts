/** Where a local reference (`#`, `#/$defs/X`) leads within its document. */

/** @returns undefined when the reference is not local or leads nowhere */
export function followPointer(reference: unknown, root: unknown): unknown {
  if (typeof reference !== "string" || !/^#(?:\/|$)/.test(reference)) return undefined;
  let target: unknown = root;
  for (const key of reference.split("/").slice(1)) {
    const name = decodePart(key).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof target !== "object" || target === null || !Object.hasOwn(target, name)) return undefined;
    target = (target as Record<string, unknown>)[name];
  }
  return target;
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
