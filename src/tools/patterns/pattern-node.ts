/** A regular expression as a tree, as far as its cost needs it: captures, names and laziness are left out. */
import type { CharSet } from "./char-set.ts";

/** A part of a regular expression. */
export type PatternNode =
  /** One character of a set. */
  | { readonly kind: "char"; readonly set: CharSet }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly branches: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly inner: PatternNode; readonly min: number; readonly max: number }
  | { readonly kind: "look"; readonly inner: PatternNode; readonly isBehind: boolean }
  | { readonly kind: "start" | "end" | "boundary" | "backreference" };
