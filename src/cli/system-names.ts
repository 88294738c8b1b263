/**
 * Names of users and groups, as the numbers that the system works with.
 */
import { readFile } from "node:fs/promises";
import { UsageError } from "./failure.ts";

/** The number of a user. @throws {UsageError} when there is no such user */
export function resolveUser(name: string): Promise<number> {
  return resolveName(name, "/etc/passwd", "user");
}

/** The number of a group. @throws {UsageError} when there is no such group */
export function resolveGroup(name: string): Promise<number> {
  return resolveName(name, "/etc/group", "group");
}

/** Both files have lines `name:x:number:…`. */
async function resolveName(name: string, file: string, kind: string): Promise<number> {
  if (/^\d+$/.test(name)) return Number(name);
  const lines = (await readFile(file, "utf8").catch(() => "")).split("\n");
  const found = lines.map((line) => line.split(":")).find(([first]) => first === name);
  const id = Number(found?.[2] ?? Number.NaN);
  if (Number.isInteger(id)) return id;
  throw new UsageError(`Cannot give the socket to the ${kind} "${name}": "${file}" has no such ${kind}`, {
    hint: `Name one that exists, or its number`,
  });
}
