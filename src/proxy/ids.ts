/**
 * Ids as the Messages API writes them: a prefix and 24 characters that nobody can guess.
 */
import { randomBytes } from "node:crypto";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const LENGTH = 22;
/** Random bytes are drawn in blocks: one system call for many ids. */
const POOL_BYTES = 4096;

let pool = Buffer.alloc(0);
let position = 0;

/** Prefixes of ids on the wire. */
export type IdPrefix = "msg" | "toolu" | "srvtoolu" | "container" | "req";

/** A fresh id with 128 bits of chance. */
export function createId(prefix: IdPrefix): string {
  let text = `${prefix}_01`;
  const end = text.length + LENGTH;
  while (text.length < end) {
    const byte = nextByte();
    // 232 is the largest multiple of 58 below 256: every character is equally likely.
    if (byte < 232) text += ALPHABET[byte % ALPHABET.length] ?? "";
  }
  return text;
}

function nextByte(): number {
  if (position >= pool.length) {
    pool = randomBytes(POOL_BYTES);
    position = 0;
  }
  const byte = pool[position] ?? 0;
  position += 1;
  return byte;
}
