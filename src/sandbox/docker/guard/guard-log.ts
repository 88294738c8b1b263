/**
 * What the guard tells its operator: one object for each event, to be written as one line of JSON.
 */

/** Something that happened. Values from a request are cut to a length and are data, never a format. */
export interface GuardLogEntry {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: "info" | "warn" | "error";
  /** `refused`: by the rules. `failed`: the daemon or a connection did. `created`, `attached`, `removed`: a container. */
  readonly event: "refused" | "failed" | "created" | "attached" | "removed";
  readonly method?: string;
  /** Path and query as they came, at most 300 characters. */
  readonly target?: string;
  readonly status?: number;
  readonly reason?: string;
  /** Full id. */
  readonly container?: string;
  readonly image?: string;
}

/** Takes entries. Must not throw. */
export type GuardLog = (entry: GuardLogEntry) => void;

const MAX_TARGET_CHARACTERS = 300;
const MAX_REASON_CHARACTERS = 500;

/** Adds the time and cuts what a request could have made long. */
export function writeLog(log: GuardLog, entry: Omit<GuardLogEntry, "time">): void {
  const { target, reason } = entry;
  log({
    time: new Date().toISOString(),
    ...entry,
    ...(target === undefined ? {} : { target: cut(target, MAX_TARGET_CHARACTERS) }),
    ...(reason === undefined ? {} : { reason: cut(reason, MAX_REASON_CHARACTERS) }),
  });
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
