/**
 * The types that signatures show to a model. In Python they are dicts; a script may write their names where it likes.
 */
import { toPythonSignatures, type SignatureStyle } from "./python-signature.ts";
import type { Tool } from "./tool.ts";

/** The name of a type where signatures define it: as a class, or by a call when a field is no identifier. */
const DEFINITION = /^(?:class (\w+)\(|(\w+) = TypedDict\()/gm;

/** Words in which a script may speak of types; names of errors and constants are none. */
const WORD = /\b[A-Z]\w*\b/g;
const NO_TYPE = /(?:Error|Exception|Warning|Interrupt|Exit)$|^(?:True|False|None|[A-Z0-9_]+)$/;

/** The names of the types that the signatures of `tools` define. Writes the signatures. */
export function readTypeNames(tools: readonly Tool[], style: SignatureStyle): ReadonlySet<string> {
  const matches = toPythonSignatures(tools, { style }).matchAll(DEFINITION);
  return new Set([...matches].map(([, name, made]) => name ?? made ?? ""));
}

/** The words of a script that may be names of types. */
export function findTypeWords(code: string): string[] {
  return [...new Set(code.match(WORD))].filter((word) => !NO_TYPE.test(word));
}
