/** Ids with the prefixes that Bedrock gives to messages and tool calls. */
import { randomBytes } from "node:crypto";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** A fresh id: the prefix, `01`, and 22 random characters. */
export function createId(prefix: "msg_bdrk_" | "toolu_bdrk_" | "tooluse_"): string {
  let id = `${prefix}01`;
  for (const byte of randomBytes(22)) {
    id += ALPHABET[byte % ALPHABET.length] ?? "";
  }
  return id;
}
