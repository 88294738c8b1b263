/**
 * A hostile request, and where it would do its harm.
 */

/** What an attack can aim at. */
export interface Target {
  /** Full id of a container that is not one of the sandbox. It runs. */
  readonly victim: string;
  readonly victimName: string;
  /** Full id of a live container that the sandbox made through the guard. */
  readonly own: string;
  /** A create request that is let through, fresh for each attack. */
  body(): CreateBody;
}

/** A create request, to be changed into one that must not pass. */
export interface CreateBody extends Record<string, unknown> {
  HostConfig: Record<string, unknown>;
  Labels: Record<string, string>;
}

/** One hostile request. */
export interface Attack {
  readonly name: string;
  /** What goes over the wire, byte for byte. */
  bytes(target: Target): string | Buffer;
  /** `cut`: there can be no answer, so the connection is closed. @default 403 */
  readonly status?: 400 | 403 | "cut";
  /** Part of the reason that is told. */
  readonly says: string | RegExp;
}

/** A request as a correct client writes it. */
export function http(
  method: string,
  target: string,
  body?: unknown,
  headers: readonly string[] = [],
): string {
  const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
  const own =
    text === "" ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(text)}`];
  return [`${method} ${target} HTTP/1.1`, "Host: docker", ...headers, ...own, "", text].join("\r\n");
}

/** A create request under a name that the guard takes. */
export function create(body: unknown, query = `?name=${ATTACKER_NAME}`): string {
  return http("POST", `/containers/create${query}`, body);
}

/** No container of this name may ever be made. */
export const ATTACKER_NAME = "toolscript-badbadbadbadbad0";
