/**
 * Prints the question, for use in a shell.
 */
import { QUESTION } from "./question.ts";

process.stdout.write(`${QUESTION}\n`);
