/**
 * Changes the runner's program text in ways that look like it.
 */
import { deflateSync, inflateSync } from "node:zlib";

/** The packed files in the runner's program text; process 1's is packed before them. */
export const PACKED = /"(eN[^"]+)"(?![^]*"eN)/;

/** Unpacks the runner's files, changes them, and packs them again. */
export function repackRunner(change: (files: Record<string, string>) => object) {
  return (runner: string): string =>
    runner.replace(PACKED, (_match, packed: string) => {
      const files = JSON.parse(inflateSync(Buffer.from(packed, "base64")).toString()) as Record<
        string,
        string
      >;
      return `"${deflateSync(JSON.stringify(change(files)), { level: 9 }).toString("base64")}"`;
    });
}

/** Puts another text into the place of process 1's. */
export function replaceProcessOne(runner: string, text: string): string {
  return runner.replace(/"eN[^"]+"/, `"${deflateSync(text).toString("base64")}"`);
}
