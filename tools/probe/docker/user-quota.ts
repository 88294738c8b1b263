/**
 * An attempt to use up what the kernel counts for a user, judged by what is left for another session.
 */
import { docker } from "../../../src/sandbox/docker/docker.ts";
import type { DockerOptions } from "../../../src/sandbox/docker/docker-options.ts";
import { openScriptSession } from "../../../src/script/script-session.ts";
import type { Finding, Probe } from "../probe.ts";
import { checkRun, describeRun } from "../script-run.ts";
import { runCell } from "../session-run.ts";
import type { DockerLab } from "./lab.ts";

/** A timer takes a place among a user's pending signals, and keeps it. */
const TAKE_TIMERS = (count: number): string => `
made = 0
while made < ${count} and libc.timer_create(0, None, ctypes.byref(ctypes.c_void_p())) == 0:
    made += 1
did(made > 0, "%d timers" % made)
`;

/** The probe. */
export function userQuotaProbe({ image }: DockerLab): Probe {
  return {
    name: "use up another session's share of what counts for a user",
    class: "other containers",
    without: "with one user for all sessions",
    attempt: () => takeAll({ image }),
    control: () => takeAll({ image, unsafeUser: "1999999999:1999999999" }),
  };
}

async function takeAll(options: DockerOptions): Promise<Finding> {
  const sandbox = docker(options);
  try {
    const [greedy, neighbour] = await Promise.all([
      openScriptSession({ sandbox }),
      openScriptSession({ sandbox }),
    ]);
    const taken = await runCell(greedy, TAKE_TIMERS(100_000));
    const left = await runCell(neighbour, TAKE_TIMERS(1));
    for (const run of [taken, left]) checkRun(run, false);
    const evidence = `one session had ${describeRun(taken)}, then the other one ${describeRun(left)}`;
    return { succeeded: left.facts?.ok !== true, evidence };
  } finally {
    await sandbox.close();
  }
}
