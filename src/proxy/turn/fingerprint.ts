/**
 * What makes two requests the same: their body, however it was written and whether its response is streamed or not. A
 * client that gives a stream up asks for the same without one.
 */
import { createHash, hash } from "node:crypto";
import { isSmallJson, writeJsonPieces } from "../../json/write-json.ts";
import type { RequestBody } from "../request/body-schema.ts";

/** Characters of a body that is written at once: about a millisecond. */
const AT_ONCE_CHARACTERS = 256 * 1024;

/** The fingerprint of a request, made in shares of a turn. */
export async function toFingerprint({ stream: _either, ...body }: RequestBody): Promise<string> {
  if (isSmallJson(body, AT_ONCE_CHARACTERS)) return hash("sha256", JSON.stringify(body), "base64");
  const sum = createHash("sha256");
  for await (const piece of writeJsonPieces(body)) sum.update(piece);
  return sum.digest("base64");
}
