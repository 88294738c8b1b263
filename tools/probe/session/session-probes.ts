/**
 * Session rows as probes, and those that take two sessions.
 */
import { randomBytes } from "node:crypto";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { openScriptSession } from "../../../src/script/script-session.ts";
import type { Finding, Probe } from "../probe.ts";
import { checkRun, describeRun } from "../script-run.ts";
import { runCell, runInSession } from "../session-run.ts";
import { type SessionRow, WIRE, sessionRows } from "./session-rows.ts";
import { BYSTANDER_ANSWER, createWorld, openBystander } from "./world.ts";

/** Every probe that works on any sandbox. `otherContainers` names the class of those between two sessions. */
export function sessionProbes(sandbox: Sandbox): Probe[] {
  return [
    ...sessionRows.map((row) => toProbe(row, sandbox)),
    ...bystanderProbes(sandbox),
    ...leftoverProbes(sandbox),
  ];
}

function toProbe(row: SessionRow, sandbox: Sandbox): Probe {
  const run = async (isControl: boolean): Promise<Finding> => {
    const world = createWorld(isControl);
    const done = await runInSession(sandbox, row.script, {
      lab: { control: isControl ? 1 : 0 },
      tools: world.tools,
      limits: (isControl ? row.controlLimits : undefined) ?? row.limits ?? {},
    });
    checkRun(done, row.mayEnd === true);
    const ended = done.ended === "" ? "" : `, ${done.ended}`;
    return { succeeded: row.judge(done, world), evidence: `${describeRun(done)}${ended}` };
  };
  return {
    name: row.name,
    class: row.class,
    without: row.without,
    attempt: () => run(false),
    control: () => run(true),
  };
}

/** Frames that concern another session: they must not reach it. Sent by that session itself, they do their work. */
const HOSTILE_FRAMES: readonly (readonly [name: string, frames: string])[] = [
  [
    "cancel the call of another session",
    'send(*[{"type": "cancel", "cell": 1, "id": number} for number in range(1, 50)])',
  ],
  [
    "end the cell of another session",
    'send({"type": "done", "cell": 1, "returnCode": 7, "droppedBytes": 0})',
  ],
  [
    "print in the name of another session",
    'send({"type": "output", "cell": 1, "stream": "stdout", "text": "forged"})',
  ],
  ["end another session with a frame that is none", 'send("{")'],
];

function bystanderProbes(sandbox: Sandbox): Probe[] {
  return HOSTILE_FRAMES.map(([name, frames]) => ({
    name,
    class: "the IPC channel",
    without: "sent by that session itself",
    attempt: () => disturbBystander(sandbox, frames, false),
    control: () => disturbBystander(sandbox, frames, true),
  }));
}

async function disturbBystander(sandbox: Sandbox, frames: string, byItself: boolean): Promise<Finding> {
  const pause = "import asyncio\nawait asyncio.sleep(0.2)\n";
  const prelude = `import json, sys\n${WIRE}`;
  // A cancel is only read when there is a call: so the bystander's own comes after its call was made.
  const own = `${prelude}import asyncio\nasync def later():\n  await asyncio.sleep(0.1)\n  ${frames}\nasyncio.ensure_future(later())`;
  const bystander = await openBystander(sandbox, byItself ? own : "", { callMs: 60_000 });
  try {
    let evidence = "sent by itself";
    if (!byItself) {
      const run = await runInSession(sandbox, `${WIRE}${frames}\n${pause}did(True, "sent")`);
      checkRun(run, true);
      evidence = run.ended === "" ? "sent" : run.ended;
    } else {
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    const outcome = await bystander.finish();
    const untouched =
      !(outcome instanceof Error) && outcome.stdout === `${BYSTANDER_ANSWER}\n` && outcome.returnCode === 0;
    return {
      succeeded: !untouched,
      evidence: `${evidence}; the other session ${untouched ? "is untouched" : "is disturbed"}`,
    };
  } finally {
    await bystander.session.close();
  }
}

/** What one session leaves must not be there for the next. */
const PLACES: readonly (readonly [name: string, leave: string, find: string])[] = [
  [
    "find the files of an earlier session",
    'open("/tmp/left", "w").write(SECRET)',
    'open("/tmp/left").read()',
  ],
  ["find the variables of an earlier session", "left = SECRET", "left"],
  [
    "find what an earlier session put into the interpreter",
    "import builtins\nbuiltins.left_behind = SECRET",
    "__import__('builtins').left_behind",
  ],
];

function leftoverProbes(sandbox: Sandbox): Probe[] {
  return PLACES.map(([name, leave, find]) => ({
    name,
    class: "other containers",
    without: "in the same session",
    attempt: () => lookForLeftovers(sandbox, leave, find, false),
    control: () => lookForLeftovers(sandbox, leave, find, true),
  }));
}

async function lookForLeftovers(
  sandbox: Sandbox,
  leave: string,
  find: string,
  inSameSession: boolean,
): Promise<Finding> {
  const secret = randomBytes(8).toString("hex");
  const look = `
try:
    found = ${find}
except (OSError, NameError, AttributeError) as error:
    found = type(error).__name__
did(True, found)
`;
  const first = await openScriptSession({ sandbox });
  try {
    checkRun(await runCell(first, `SECRET = "${secret}"\n${leave}\ndid(True, "left")`), false);
    if (!inSameSession) await first.close();
    const run = inSameSession ? await runCell(first, look) : await runInSession(sandbox, look);
    checkRun(run, false);
    const found = run.facts?.detail ?? "";
    return { succeeded: found === secret, evidence: found === secret ? "found" : found };
  } finally {
    await first.close();
  }
}
