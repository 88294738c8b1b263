/** Cuts text into the pieces of a stream. */

/** Code points in one delta. */
const PIECE_LENGTH = 40;

/** Pieces of about 40 characters, never inside a surrogate pair; none for an empty text. */
export function splitText(text: string): string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${PIECE_LENGTH}}`, "gu")) ?? [];
}
