/**
 * Assertions that the cases share.
 */
import assert from "node:assert/strict";
import type { CellResult } from "../../script/script-run.ts";

/** The cell ended well and printed exactly `stdout`, and nothing on standard error. */
export function assertPrinted(result: CellResult, stdout: string): void {
  assert.deepEqual(
    { stdout: result.stdout, stderr: result.stderr, returnCode: result.returnCode },
    { stdout, stderr: "", returnCode: 0 },
  );
}

/** The cell ended with `returnCode`, and its standard error has every one of `parts`. */
export function assertFailed(result: CellResult, returnCode: number, ...parts: readonly string[]): void {
  assert.equal(
    result.returnCode,
    returnCode,
    `return code of a cell with stderr ${JSON.stringify(result.stderr)}`,
  );
  for (const part of parts) assertIncludes(result.stderr, part);
}

/** `text` contains `part`. */
export function assertIncludes(text: string, part: string): void {
  assert.ok(text.includes(part), `${JSON.stringify(part)} is not in ${JSON.stringify(text.slice(0, 4000))}`);
}

/** `text` does not contain `part`. */
export function assertExcludes(text: string, part: string): void {
  assert.ok(!text.includes(part), `${JSON.stringify(part)} is in ${JSON.stringify(text.slice(0, 4000))}`);
}
