/**
 * Removes containers that a former host left behind. A container ends with its host by itself; this is for the rest: a
 * machine that lost its power, a script that keeps the interpreter from seeing the end, a daemon that was killed.
 *
 * Guarantee: a container of a host that may be alive is never touched before its lease has run out; then it goes whoever
 * its host is.
 */
import { isToolscriptError } from "../../errors.ts";
import { HOST_LABELS } from "./container-spec.ts";
import type { Engine, ListedContainer } from "./engine.ts";
import { type HostIdentity, checkHost } from "./host-identity.ts";

/** Time that a container without a host has to end by itself, in milliseconds. */
const END_GRACE_MS = 5_000;

/** A container in a listing, as far as the reaper looks at it. */
export type LabelledContainer = Pick<ListedContainer, "id" | "labels">;

/** What the reaper goes by. */
export interface ReaperOptions {
  readonly self: HostIdentity;
  /** Age in milliseconds from which a container is removed though its host cannot be looked at. */
  readonly reapAfterMs: number;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Removes what is left and returns the ids. @throws {ToolscriptError} a `docker-…` code */
export async function reapContainers(engine: Engine, options: ReaperOptions): Promise<readonly string[]> {
  const listed = await engine.list();
  const left = listed.filter((container) => isLeftBehind(container, options)).map(({ id }) => id);
  await Promise.all(left.map((id) => endContainer(engine, id)));
  return left;
}

/** The containers of a host that has just died are ending: to kill those makes the daemon stall. */
async function endContainer(engine: Engine, id: string): Promise<void> {
  try {
    await engine.waitRemoved(id, END_GRACE_MS);
  } catch (error) {
    if (!isToolscriptError(error, "sandbox-timeout")) throw error;
    await engine.remove(id);
  }
}

/** Whether nobody can want this container any more. */
export function isLeftBehind(container: LabelledContainer, options: ReaperOptions): boolean {
  const { labels } = container;
  const leaseUntil = labels[HOST_LABELS.leaseUntil];
  if (leaseUntil !== undefined && !(options.nowMs < Number(leaseUntil))) return true;
  const identity: HostIdentity = {
    machine: labels[HOST_LABELS.machine] ?? "",
    pid: Number(labels[HOST_LABELS.pid]),
    startedAt: labels[HOST_LABELS.startedAt] ?? "",
  };
  const host = Number.isInteger(identity.pid) ? checkHost(identity, options.self) : "unknown";
  if (host !== "unknown") return host === "dead";
  const ageMs = options.nowMs - Number(labels[HOST_LABELS.createdAt]);
  return !(ageMs < options.reapAfterMs); // a label that is no number counts as old
}
