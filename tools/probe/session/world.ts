/**
 * What session probes try to misuse: tools of the host, and a session of somebody else.
 */
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import type { ScriptLimits } from "../../../src/script/limits.ts";
import type { CellResult } from "../../../src/script/script-run.ts";
import { openScriptSession, type ScriptSession } from "../../../src/script/script-session.ts";
import { tool } from "../../../src/tools/define-tool.ts";
import type { Caller, Tool } from "../../../src/tools/tool.ts";

/** Everything that the host notices while a probe runs. */
export interface World {
  /** Notes that `pay` was called with, in order. */
  readonly paid: unknown[];
  /** Notes that `admin` was called with; it is for the model, not for scripts. */
  readonly administered: unknown[];
  /** Inputs of `take`, whose schema takes anything. */
  readonly taken: unknown[];
  /** What `take` found in the prototype of all objects. */
  readonly polluted: unknown[];
  readonly tools: readonly Tool[];
}

const ANSWER_TIMEOUT_MS = 5_000;

const NOTE = {
  type: "object",
  properties: { note: { type: "string" } },
  required: ["note"],
  additionalProperties: false,
} as const;

/** Fresh tools. In a control `admin` is for scripts, too, and `take` merges its input as careless code would. */
export function createWorld(isControl: boolean): World {
  const paid: unknown[] = [];
  const administered: unknown[] = [];
  const taken: unknown[] = [];
  const polluted: unknown[] = [];
  const record = (name: string, into: unknown[], allowedCallers: readonly Caller[] = ["programmatic"]) =>
    tool({
      name,
      description: "Records a note",
      input: NOTE,
      allowedCallers: [...allowedCallers],
      execute: async (input) => {
        const { note } = input as { note: unknown };
        into.push(note);
        return { note };
      },
    });
  const take = tool({
    name: "take",
    description: "Takes anything",
    input: { type: "object", additionalProperties: true },
    execute: async (input) => {
      taken.push(input);
      if (isControl) mergeCarelessly({}, input);
      // In one turn, so that nobody else meets the polluted prototype.
      polluted.push(({} as Record<string, unknown>)["probePolluted"]);
      Reflect.deleteProperty(Object.prototype, "probePolluted");
      return null;
    },
  });
  return {
    paid,
    administered,
    taken,
    polluted,
    tools: [
      record("pay", paid),
      record("admin", administered, isControl ? ["programmatic"] : ["direct"]),
      take,
    ],
  };
}

function mergeCarelessly(target: Record<string, unknown>, source: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(source)) {
    if (typeof value === "object" && value !== null) {
      target[key] ??= {};
      mergeCarelessly(target[key] as Record<string, unknown>, value as Record<string, unknown>);
    } else target[key] = value;
  }
}

/** A session of somebody else that waits for its one call. */
export interface Bystander {
  readonly session: ScriptSession;
  /** Answers the call, and returns what became of the cell. */
  finish(): Promise<CellResult | Error>;
}

/** A script whose call was taken away waits for ever. */
async function hang(): Promise<Error> {
  await new Promise((resolve) => setTimeout(resolve, ANSWER_TIMEOUT_MS).unref());
  return new Error("it never ended");
}

/** What the bystander's script must print in the end. */
export const BYSTANDER_ANSWER = "the answer of the other session";

/** Opens a session and has it wait. `before` is Python that it runs first. */
export async function openBystander(
  sandbox: Sandbox,
  before = "",
  limits: Partial<ScriptLimits> = {},
): Promise<Bystander> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const wait = tool({
    name: "wait",
    description: "Waits",
    input: { type: "object", properties: {} },
    execute: () => promise,
  });
  const session = await openScriptSession({ sandbox, tools: [wait], limits });
  const run = session.run(`${before}\nprint(await wait())`);
  const outcome = run.result.catch((error: unknown) => error as Error);
  const called = Promise.withResolvers<void>();
  void (async () => {
    for await (const event of run) if (event.type === "tool-call") called.resolve();
  })().catch(() => {});
  await Promise.race([called.promise, outcome]);
  return {
    session,
    async finish() {
      resolve(BYSTANDER_ANSWER);
      return await Promise.race([outcome, hang()]);
    },
  };
}
