/**
 * The log of a server: one JSON object a line, on standard output.
 */

import { type OutputStream, print } from "../output.ts";

/** Writes one entry. */
export type WriteLog = (entry: Readonly<Record<string, unknown>>) => void;

/** Makes a log on a stream. Entries begin with the time, in ISO 8601. */
export function createLog(stream: OutputStream): WriteLog {
  return (entry) => print(stream, `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
}
