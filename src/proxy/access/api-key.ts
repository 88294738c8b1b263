/**
 * API keys as random tokens, and as the hashes that are kept of them.
 *
 * A key has 256 bits of chance, so nobody can try all keys, and a plain SHA-256 protects it: the salts and slow hashes
 * that passwords need would only cost time in every request.
 */
import { createHash, randomBytes } from "node:crypto";

/** Begins every key made here, so that scanners for leaked secrets can find it. */
export const KEY_PREFIX = "tsk-";
const KEY_BYTES = 32;

/** Shortest key that is taken from outside. Shorter ones could be guessed, and a guess could be checked against a hash. */
export const MIN_KEY_CHARACTERS = 24;

/** Hexadecimal digits of a hash. */
export const KEY_HASH = /^[0-9a-f]{64}$/;

/** A fresh key. */
export function createApiKey(): string {
  return KEY_PREFIX + randomBytes(KEY_BYTES).toString("base64url");
}

/** The hash of a key: SHA-256 of its UTF-8 bytes, in lower-case hexadecimal. */
export function hashApiKey(key: string): string {
  return createHash("sha256").update(key, "utf8").digest("hex");
}
