/** How a session ended, in a word that JSON carries. */
import { isToolscriptError, toErrorMessage } from "../../../src/errors.ts";

/** The code of one of our errors, the message of any other. */
export function toErrorCode(error: unknown): string {
  return isToolscriptError(error) ? error.code : toErrorMessage(error);
}
