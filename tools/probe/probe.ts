/**
 * What a probe is: one attempt to get out of a sandbox, and proof that it would work without the control that stops it.
 *
 * The same judgement is passed on both runs. So a probe cannot pass because its attempt is broken: then its control
 * fails.
 */

/** What an attempt goes for. */
export const PROBE_CLASSES = [
  "network",
  "filesystem",
  "processes",
  "memory",
  "CPU",
  "kernel surface",
  "privileges",
  "devices",
  "other containers",
  "the IPC channel",
  "data forging",
] as const;

/** One of {@link PROBE_CLASSES}. */
export type ProbeClass = (typeof PROBE_CLASSES)[number];

/** What came of one run. */
export interface Finding {
  /** Whether the attempt got what it went for. */
  readonly succeeded: boolean;
  /** What that is known from, in a few words. */
  readonly evidence: string;
}

/** One attempt. */
export interface Probe {
  readonly name: string;
  readonly class: ProbeClass;
  /** What the control run is without, or what stands in its place. */
  readonly without: string;
  /** Against the sandbox as it is. */
  attempt(): Promise<Finding>;
  /** Without the control: has to succeed. */
  control(): Promise<Finding>;
  /** Why the control cannot be shown on this machine, if it cannot. */
  unavailable?(): string | undefined;
}

/** One line of the table. */
export interface ProbeResult {
  readonly name: string;
  readonly class: ProbeClass;
  /** `unproven`: the attempt could not be made or judged, which counts as a failure. */
  readonly outcome: "contained" | "escaped" | "unproven";
  readonly evidence: string;
  /** What was removed, and what the attempt then did. */
  readonly control: string;
  readonly controlShown: boolean;
  /** This machine cannot show the control, for a reason that `control` tells. */
  readonly controlUnavailable: boolean;
}

/** Whether a line is a failure: something got out, or the probe proves nothing. */
export function isFailure(result: ProbeResult): boolean {
  return result.outcome !== "contained" || !(result.controlShown || result.controlUnavailable);
}

/** Thrown by a control that this machine cannot show; the message says why. */
export class UnavailableControlError extends Error {
  override readonly name = "UnavailableControlError";
}

/** Longest time of one run, in milliseconds. */
const RUN_TIMEOUT_MS = 60_000;

/** Runs probes, some at a time, and returns their lines in the order of the probes. */
export async function runProbes(
  probes: readonly Probe[],
  {
    concurrency,
    onResult,
  }: { readonly concurrency: number; readonly onResult?: (result: ProbeResult) => void },
): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  const waiting = probes.entries();
  const worker = async (): Promise<void> => {
    for (const [index, probe] of waiting) {
      const result = await runProbe(probe);
      results[index] = result;
      onResult?.(result);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}

async function runProbe(probe: Probe): Promise<ProbeResult> {
  const attempt = await settle(probe.attempt());
  const known = probe.unavailable?.();
  const run = known === undefined ? await settle(probe.control()) : undefined;
  const unavailable = run instanceof UnavailableControlError ? run.message : known;
  const control = unavailable === undefined ? run : undefined;
  return {
    name: probe.name,
    class: probe.class,
    ...describeAttempt(attempt),
    control: describeControl(probe.without, control, unavailable),
    controlShown: control !== undefined && !(control instanceof Error) && control.succeeded,
    controlUnavailable: control === undefined,
  };
}

function describeAttempt(attempt: Finding | Error): Pick<ProbeResult, "outcome" | "evidence"> {
  if (attempt instanceof Error) return { outcome: "unproven", evidence: attempt.message };
  return { outcome: attempt.succeeded ? "escaped" : "contained", evidence: attempt.evidence };
}

function describeControl(without: string, control: Finding | Error | undefined, unavailable = ""): string {
  if (control === undefined) return `${without}: cannot be shown on this machine, ${unavailable}`;
  if (control instanceof Error) return `${without}: NOT SHOWN, ${control.message}`;
  return `${without}: ${control.succeeded ? "succeeds" : "NOT SHOWN"} (${control.evidence})`;
}

async function settle(run: Promise<Finding>): Promise<Finding | Error> {
  const late = Promise.withResolvers<Error>();
  const timer = setTimeout(
    () => late.resolve(new Error(`it took longer than "${RUN_TIMEOUT_MS}" ms`)),
    RUN_TIMEOUT_MS,
  );
  const failed = run.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  try {
    return await Promise.race([failed, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
