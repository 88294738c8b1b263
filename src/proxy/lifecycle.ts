/**
 * Whether the server takes new work, and what is under way.
 *
 * Shutting down: new conversations are refused at once, so that a client tries another replica; what samples finishes;
 * scripts that wait for their client may go on until a deadline.
 */
import { ApiError } from "./errors/api-error.ts";

/** Seconds after which a refused client is told to try again. */
const RETRY_AFTER_SECONDS = "1";

/** The state of a server's life. */
export class Lifecycle {
  #isDraining = false;
  #inFlight = 0;
  #changed = Promise.withResolvers<void>();

  /** Whether `close` was called. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Counts a request; the returned function ends it, once. */
  enter(): () => void {
    this.#inFlight += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inFlight -= 1;
      this.#notify();
    };
  }

  /** @throws {ApiError} `overloaded_error` for work that has not begun yet, while the server shuts down */
  checkOpen(isContinuation: boolean): void {
    if (!this.#isDraining || isContinuation) return;
    throw new ApiError("overloaded_error", "The server is shutting down; send the request again", {
      headers: { "retry-after": RETRY_AFTER_SECONDS, connection: "close" },
    });
  }

  /** Refuses new work from now on and waits until nothing is left, or the deadline has passed. */
  async drain(hasPaused: () => boolean, deadlineMs: number): Promise<void> {
    this.#isDraining = true;
    const deadline = Promise.withResolvers<"late">();
    const timer = setTimeout(() => deadline.resolve("late"), deadlineMs);
    try {
      while (this.#inFlight > 0 || hasPaused()) {
        const first = await Promise.race([this.#changed.promise, deadline.promise]);
        if (first === "late") return;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
