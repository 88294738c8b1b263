/**
 * Access by API keys: who asks, and is it too much?
 *
 * Guarantees: a key is only ever compared as a hash; what a key has used outlives a reload of the keys; a request counts
 * against its key's limits before its body is read. Without any key only this machine is let in.
 */
import { ApiError, type ApiErrorType } from "../errors/api-error.ts";
import {
  type Access,
  type AccessGrant,
  type AccessRefusal,
  loopbackAccess,
  readApiKey,
} from "../http/access.ts";
import { refusePage } from "../http/foreign-request.ts";
import type { KeyRecord } from "./key-record.ts";
import { createKeyRing, type KeyRing } from "./key-ring.ts";
import { createModelFilter } from "./model-globs.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What is told when a key's concurrent requests are used up: how long they take is not known. */
const BUSY_RETRY_AFTER_SECONDS = 1;

/** Access by keys that can be replaced while the server runs. */
export interface KeyAccess extends Access {
  /** Number of keys. */
  readonly size: number;
  /** Replaces all keys. Requests under way go on. */
  replace(records: readonly KeyRecord[]): void;
}

/** Options of {@link createKeyAccess}. */
export interface KeyAccessOptions {
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /**
   * Whether an empty list of keys lets in this machine. A keys file that became empty must let in nobody.
   *
   * @default true
   */
  readonly opensToLoopback?: boolean;
}

/** What a key has used. */
interface Usage {
  bucket: TokenBucket | undefined;
  inFlight: number;
}

/** What is made of a record once, not in every request. */
interface ActiveKey {
  readonly record: KeyRecord;
  readonly expiresAtMs: number;
  readonly limits: AccessGrant["limits"];
  readonly usage: Usage;
}

/** Makes access by keys. */
export function createKeyAccess(records: readonly KeyRecord[], options: KeyAccessOptions = {}): KeyAccess {
  const { now = Date.now, opensToLoopback = true } = options;
  const loopback = loopbackAccess();
  let ring: KeyRing;
  let active = new Map<string, ActiveKey>();

  function replace(next: readonly KeyRecord[]): void {
    const old = active;
    active = new Map(
      next.map((record) => [record.sha256, activate(record, old.get(record.sha256)?.usage, now())]),
    );
    ring = createKeyRing(next);
  }
  replace(records);

  return {
    get size() {
      return ring.size;
    },
    replace,
    get isLocal() {
      return ring.size === 0 && opensToLoopback;
    },
    checkOpenRoute: (request) =>
      ring.size === 0 && opensToLoopback ? loopback.checkOpenRoute?.(request) : refusePage(request),
    isKey: (text) => ring.find(text) !== undefined,
    check(request) {
      if (ring.size === 0 && opensToLoopback) return loopback.check(request);
      const key = readApiKey(request.headers);
      if (key === undefined) return refuse("authentication_error", "x-api-key header is required");
      const found = ring.find(key);
      const known = found === undefined ? undefined : active.get(found.sha256);
      if (known === undefined) return refuse("authentication_error", toUnknownKeyText(request.headers));
      if (known.expiresAtMs <= now()) return refuse("authentication_error", "This API key has expired");
      return admit(known, now());
    },
  };
}

/** By the header that the key came in: somebody looks for it there. */
function toUnknownKeyText(headers: Headers): string {
  const isBearer = (headers.get("x-api-key") ?? "") === "";
  return isBearer ? "invalid bearer token in the authorization header" : "invalid x-api-key";
}

function activate(
  record: KeyRecord,
  usage: Usage = { bucket: undefined, inFlight: 0 },
  nowMs: number,
): ActiveKey {
  const { requestsPerMinute, maxContainers, maxRunningScripts } = record.limits ?? {};
  if (requestsPerMinute === undefined) usage.bucket = undefined;
  else if (usage.bucket === undefined) usage.bucket = new TokenBucket(requestsPerMinute, nowMs);
  else usage.bucket.setRate(requestsPerMinute, nowMs);
  return {
    record,
    expiresAtMs: record.expiresAt === undefined ? Infinity : Date.parse(record.expiresAt),
    limits: {
      ...(maxContainers === undefined ? {} : { maxContainers }),
      ...(maxRunningScripts === undefined ? {} : { maxRunningScripts }),
      ...(record.models === undefined ? {} : { allowsModel: createModelFilter(record.models) }),
    },
    usage,
  };
}

function admit({ record, limits, usage }: ActiveKey, nowMs: number): AccessGrant | AccessRefusal {
  const { maxConcurrentRequests = Infinity, requestsPerMinute } = record.limits ?? {};
  if (usage.inFlight >= maxConcurrentRequests) {
    const message = `This API key already has ${maxConcurrentRequests} requests under way, which is its limit`;
    return refuse("rate_limit_error", message, BUSY_RETRY_AFTER_SECONDS);
  }
  const waitMs = usage.bucket?.take(nowMs) ?? 0;
  if (waitMs > 0) {
    const message = `This API key's limit of ${requestsPerMinute} requests per minute is reached`;
    return refuse("rate_limit_error", message, Math.ceil(waitMs / 1000));
  }
  usage.inFlight += 1;
  const onEnd = (): void => {
    usage.inFlight -= 1;
  };
  return { ok: true, keyName: record.name, ownerId: record.sha256, limits, onEnd };
}

function refuse(type: ApiErrorType, message: string, retryAfterSeconds?: number): AccessRefusal {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return { ok: false, error: new ApiError(type, message, { headers }) };
}
