/** Bounds of what a check thread does. */

/** Longest check of one input, in milliseconds. */
export const DEFAULT_MAX_CHECK_MS = 500;
/** Longest time to look through one schema, or to compile it, in milliseconds. */
export const DEFAULT_MAX_COMPILE_MS = 2_000;
