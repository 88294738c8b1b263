/**
 * Numeric users of containers: each session gets one of its own.
 *
 * The kernel counts some things for a user and not for a container: inotify instances, pending signals, keys, memory of
 * pipes. A number that nobody else has keeps a session from using them up for its neighbours, or for a user of the
 * machine. No image need know the number.
 */
import { randomInt } from "node:crypto";

/** Numbers from which the user of a session is drawn, both included; its group has the same number. */
export interface UserIds {
  readonly first: number;
  readonly last: number;
}

/**
 * Above what systemd gives to its containers (up to 1,879,048,191) and what directory services usually map to (up to
 * 2,000,200,000), below the highest number that container runtimes take.
 */
export const DEFAULT_USER_IDS: UserIds = { first: 2_013_265_920, last: 2_147_483_646 };

/** The highest number that container runtimes take as a user. */
export const MAX_USER_ID = 2_147_483_647;

/** Draws a user, as a create request names it. */
export function drawUser({ first, last }: UserIds): string {
  return nameUser(randomInt(first, last + 1));
}

/** A user and its group, as a create request names them. */
export function nameUser(id: number): string {
  return `${id}:${id}`;
}

/** Whether a create request's user is one that could have been drawn. */
export function isDrawnUser(user: unknown, { first, last }: UserIds): user is string {
  const id = typeof user === "string" ? Number(user.split(":", 1)[0]) : Number.NaN;
  return Number.isInteger(id) && user === nameUser(id) && id >= first && id <= last;
}
