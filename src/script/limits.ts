/**
 * The budgets of a script session. Each is separate and each has its own clear error.
 */
import { ToolscriptError } from "../errors.ts";

/** Budgets; times in milliseconds, sizes in bytes. */
export interface ScriptLimits {
  /** Time in which a cell itself runs, not counting the time it waits for tools or timers. @default 90_000 */
  readonly runningMs: number;
  /** Time from the start of a cell to its end, whatever it does meanwhile; 0 means never. @default 3_600_000 */
  readonly totalMs: number;
  /** Processor time that may be used between two cells, by threads and processes left behind. @default 10_000 */
  readonly idleRunningMs: number;
  /** Time a call may wait for its result; then `TimeoutError` inside the script. @default 270_000 */
  readonly callMs: number;
  /** Time a script has to react to an interrupt before the interpreter is killed. @default 1_000 */
  readonly interruptGraceMs: number;
  /** Calls of one cell. @default 100_000 */
  readonly maxCalls: number;
  /** Calls that wait at once. @default 20_000 */
  readonly maxCallsInFlight: number;
  /** Calls whose `execute` runs at once on the host; the others wait their turn. @default 1_000 */
  readonly maxConcurrentTools: number;
  /** What the inputs of calls that wait take of the host's memory, about. @default 50_331_648 */
  readonly maxInputBytesInFlight: number;
  /** Standard output and error of one cell together. @default 1_048_576 */
  readonly maxOutputBytes: number;
  /** The JSON of one result; a larger one becomes a `ToolError`. @default 33_553_408 */
  readonly maxResultBytes: number;
  /** Time without a cell after which the session closes itself; 0 means never. @default 300_000 */
  readonly idleMs: number;
  /** Time after which the session closes itself in any case; 0 means never. @default 3_600_000 */
  readonly lifetimeMs: number;
}

/** The documented defaults: 90 s of running and 270 s of waiting are those of the Claude API. */
export const DEFAULT_SCRIPT_LIMITS: ScriptLimits = {
  runningMs: 90_000,
  totalMs: 3_600_000,
  idleRunningMs: 10_000,
  callMs: 270_000,
  interruptGraceMs: 1_000,
  maxCalls: 100_000,
  maxCallsInFlight: 20_000,
  maxConcurrentTools: 1_000,
  maxInputBytesInFlight: 48 * 1024 * 1024,
  maxOutputBytes: 1024 * 1024,
  maxResultBytes: 32 * 1024 * 1024 - 1024,
  idleMs: 300_000,
  lifetimeMs: 3_600_000,
};

/** Largest delay that Node's timers take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Fills in the defaults.
 *
 * @throws {ToolscriptError} `invalid-argument` for anything but a whole number that a timer or counter can hold
 */
export function resolveLimits(given: Partial<ScriptLimits> = {}): ScriptLimits {
  const limits: Record<string, number> = { ...DEFAULT_SCRIPT_LIMITS };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!(name in DEFAULT_SCRIPT_LIMITS)) throw invalidLimit(name, "it is not a limit");
    if (!Number.isSafeInteger(value) || value < 0 || value > MAX_TIMER_MS) {
      throw invalidLimit(name, `"${value}" is not a whole number from 0 to ${MAX_TIMER_MS}`);
    }
    limits[name] = value;
  }
  return limits as unknown as ScriptLimits;
}

function invalidLimit(name: string, reason: string): ToolscriptError {
  const known = Object.keys(DEFAULT_SCRIPT_LIMITS).join(", ");
  return new ToolscriptError(
    "invalid-argument",
    `Setting the limit "${name}" failed: ${reason}; limits are ${known}`,
  );
}
