/**
 * What makes two requests the same: their body, however it was written and whether its response is streamed or not. A
 * client that gives a stream up asks for the same without one.
 */
import { createHash } from "node:crypto";
import { writeJsonPieces } from "../../json/write-json.ts";
import type { RequestBody } from "../request/body-schema.ts";

/** The fingerprint of a request, made in shares of a turn. */
export async function toFingerprint({ stream: _either, ...body }: RequestBody): Promise<string> {
  const sum = createHash("sha256");
  for await (const piece of writeJsonPieces(body)) sum.update(piece);
  return sum.digest("base64");
}
