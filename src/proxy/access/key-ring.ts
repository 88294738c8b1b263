/**
 * The configured keys, found by a key that somebody presents.
 *
 * Guarantee: how long a search takes tells nothing about any configured key. A key is looked up by a keyed hash whose
 * secret lives in this process only, so nobody can choose where in the table a guess leads; what is found is compared in
 * constant time.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { hashApiKey } from "./api-key.ts";
import type { KeyRecord } from "./key-record.ts";

const SECRET = randomBytes(32);

/** Finds configured keys. */
export interface KeyRing {
  readonly size: number;
  /** The record of a key, whatever its expiry; undefined when it is not configured. */
  find(key: string): KeyRecord | undefined;
}

/** Makes a ring of records. */
export function createKeyRing(records: readonly KeyRecord[]): KeyRing {
  const byPlace = new Map(records.map((record) => [toPlace(record.sha256), record]));
  return {
    size: records.length,
    find(key) {
      const hash = hashApiKey(key);
      const record = byPlace.get(toPlace(hash));
      return record !== undefined && isEqual(record.sha256, hash) ? record : undefined;
    },
  };
}

function toPlace(hash: string): string {
  return createHmac("sha256", SECRET).update(hash, "utf8").digest("base64");
}

function isEqual(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(left, "utf8"), Buffer.from(right, "utf8"));
}
