/**
 * Runs synchronous work under a deadline, so that a hostile pattern or schema cannot hold the event loop.
 *
 * V8 ends the work in the middle, backtracking regular expressions included. It knows nothing of schemas.
 * A run costs about a quarter of a millisecond: use it only where the work may explode.
 */
import { Script, createContext } from "node:vm";

const context = createContext(Object.create(null) as Record<string, unknown>);
const script = new Script("job()");

/** What {@link runBounded} gives: the value, or that the time was not enough. */
export type Bounded<Value> = { readonly done: true; readonly value: Value } | { readonly done: false };

/**
 * Runs `job` for at most `timeoutMs` milliseconds. Not re-entrant: `job` may not call it again.
 *
 * @throws whatever `job` throws
 */
export function runBounded<Value>(job: () => Value, timeoutMs: number): Bounded<Value> {
  const cell: { value?: Value } = {};
  context["job"] = () => {
    cell.value = job();
  };
  try {
    script.runInContext(context, { timeout: timeoutMs });
    return { done: true, value: cell.value as Value };
  } catch (error) {
    if (isTimeout(error)) return { done: false };
    throw error;
  } finally {
    context["job"] = undefined;
  }
}

function isTimeout(error: unknown): boolean {
  // The error comes from the context's own realm, so it is no `instanceof Error` here.
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
  );
}
