/** How the parts of the stripping say what they removed. */

/** Hears what is removed. The path is text that not everybody needs. */
export type Note = (path: () => string, reason: string) => void;
