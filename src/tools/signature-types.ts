/**
 * The types that signatures show to a model. In Python they are dicts; a script may write their names where it likes.
 */
import { toPythonSignatures, type SignatureStyle } from "./python-signature.ts";
import type { Tool } from "./tool.ts";

const known = new WeakMap<readonly Tool[], ReadonlySet<string>>();

/** The name of a type where signatures define it: as a class, or by a call when a field is no identifier. */
const DEFINITION = /^(?:class (\w+)\(|(\w+) = TypedDict\()/gm;

/** Words in which a script may speak of types; names of errors and constants are none. */
const WORD = /\b[A-Z]\w*\b/g;
const NO_TYPE = /(?:Error|Exception|Warning|Interrupt|Exit)$|^(?:True|False|None|[A-Z0-9_]+)$/;

/** Those types of the signatures of `tools` that `code` speaks of. `tools` must always be the same array for the same tools. */
export function findSignatureTypes(code: string, tools: readonly Tool[], style: SignatureStyle): string[] {
  const words = new Set(code.match(WORD)?.filter((word) => !NO_TYPE.test(word)));
  if (words.size === 0 || tools.length === 0) return [];
  const names = known.get(tools) ?? readNames(toPythonSignatures(tools, { style }));
  known.set(tools, names);
  return [...words].filter((word) => names.has(word));
}

function readNames(signatures: string): Set<string> {
  return new Set([...signatures.matchAll(DEFINITION)].map(([, name, made]) => name ?? made ?? ""));
}
