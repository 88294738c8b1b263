/**
 * The record of every request that reached the emulator, also those it refused.
 *
 * Guarantee: no secret is kept (authorization and token headers are left out) and requests and their bodies are
 * held up to a limit, the oldest go first.
 */
import type { HttpExchange } from "../aws-http/http-exchange.ts";

/** How a request ended. */
export type RequestOutcome =
  /** The answer was sent whole, be it a success or an error. */
  | "answered"
  /** The client went away first. */
  | "aborted"
  /** A fault ended the connection. */
  | "cut";

/** One request as the emulator saw it. */
export interface RecordedRequest {
  /** Number of the request, from 0, in order of arrival. */
  readonly index: number;
  /** Last part of the path, for example `invoke`; the whole path of an unknown route. */
  readonly route: string;
  /** The decoded model id; empty for an unknown route. */
  readonly modelId: string;
  readonly protocol: "h1" | "h2";
  /** Authentication that the request claimed. */
  readonly auth: "sigv4" | "bearer" | "none";
  /** Header names in lower case, without secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it was sent. */
  readonly bodyText: string;
  /** The decoded JSON body; undefined when it is not JSON. */
  readonly body: unknown;
  /** Status of the answer; undefined until it is sent. */
  readonly status: number | undefined;
  /** Exception name of an error answer or of an exception frame in mid-stream. */
  readonly exception: string | undefined;
  /** Undefined while the request is under way. */
  readonly outcome: RequestOutcome | undefined;
  /** Resolves when the request has ended, in whatever way. */
  readonly finished: Promise<RequestOutcome>;
}

/** The open end of a record, for the code that answers. */
export interface OpenRecord {
  readonly record: RecordedRequest;
  /** Notes what is being answered. */
  answer(status: number, exception?: string): void;
  finish(outcome: RequestOutcome): void;
}

const SECRET_HEADERS = new Set(["authorization", "x-amz-security-token", "x-api-key", "cookie"]);

interface Waiter {
  readonly matches: (request: RecordedRequest) => boolean;
  readonly resolve: (request: RecordedRequest) => void;
}

/** Holds the last requests. */
export class RequestLog {
  readonly #limit: number;
  readonly #maxCharacters: number;
  #characters = 0;
  readonly #records: RecordedRequest[] = [];
  readonly #waiters = new Set<Waiter>();
  #count = 0;

  /** @param maxCharacters of all bodies together; the newest request is kept in any case */
  constructor(limit: number, maxCharacters: number) {
    this.#limit = limit;
    this.#maxCharacters = maxCharacters;
  }

  /** The requests held, oldest first. */
  get records(): readonly RecordedRequest[] {
    return this.#records;
  }

  /** Forgets everything; numbering goes on. */
  clear(): void {
    this.#records.length = 0;
    this.#characters = 0;
  }

  /** The first matching request, held or yet to come. */
  waitFor(matches: (request: RecordedRequest) => boolean): Promise<RecordedRequest> {
    const found = this.#records.find(matches);
    if (found !== undefined) {
      return Promise.resolve(found);
    }
    return new Promise((resolve) => this.#waiters.add({ matches, resolve }));
  }

  /** Starts the record of a request. */
  open(
    exchange: HttpExchange,
    details: Pick<RecordedRequest, "route" | "modelId" | "auth" | "bodyText" | "body">,
  ): OpenRecord {
    const { promise, resolve } = Promise.withResolvers<RequestOutcome>();
    const record = {
      index: this.#count++,
      ...details,
      protocol: exchange.protocol,
      headers: withoutSecrets(exchange.headers),
      status: undefined as number | undefined,
      exception: undefined as string | undefined,
      outcome: undefined as RequestOutcome | undefined,
      finished: promise,
    };
    this.#keep(record);
    return {
      record,
      answer: (status, exception) => {
        record.status = status;
        record.exception = exception;
      },
      finish: (outcome) => {
        record.outcome ??= outcome;
        resolve(record.outcome);
      },
    };
  }

  #keep(record: RecordedRequest): void {
    this.#records.push(record);
    this.#characters += record.bodyText.length;
    while (
      this.#records.length > this.#limit ||
      (this.#records.length > 1 && this.#characters > this.#maxCharacters)
    ) {
      this.#characters -= this.#records.shift()?.bodyText.length ?? 0;
    }
    for (const waiter of this.#waiters) {
      if (waiter.matches(record)) {
        this.#waiters.delete(waiter);
        waiter.resolve(record);
      }
    }
  }
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET_HEADERS.has(name)));
}
