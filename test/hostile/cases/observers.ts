/** Observers of the user, and sessions of somebody else's sandbox, that throw at every chance they get. */
import { startAgentCoreEmulator } from "../../../src/emulator/agentcore-emulator.ts";
import { agentcore } from "../../../src/sandbox/agentcore/agentcore.ts";
import { pool, type PoolableSession } from "../../../src/sandbox/pool.ts";
import { openScriptSession } from "../../../src/script/script-session.ts";
import { clientOptions } from "../../integration/agentcore/emulated.ts";
import type { CaseContext } from "../child.ts";

const OBSERVERS: Readonly<Record<"throws" | "rejects", () => undefined>> = {
  throws: () => {
    throw Object.create(null);
  },
  // As an async function: its type is not what a caller of JavaScript has to keep to.
  rejects: (() => Promise.reject(new Error("told"))) as unknown as () => undefined,
};

/** How an observer fails. */
export type Failing = keyof typeof OBSERVERS;

/** A pool whose observer fails; gives how many sessions it handed out and left open. */
export async function poolObserver(
  context: CaseContext,
  failing: Failing,
): Promise<{ opened: number; left: number }> {
  await context.measure();
  const live = new Set<string>();
  let failures = 2;
  const sessions = pool(
    async () => {
      failures -= 1;
      if (failures >= 0) throw new Error("no session yet");
      return createSession(live);
    },
    { size: 2, maxAgeMs: 50, refillDelayMs: 0, onEvent: OBSERVERS[failing] },
  );
  let opened = 0;
  for (let count = 0; count < 10; count += 1) {
    const session = await sessions.open().catch(() => undefined); // the first starts fail
    if (session === undefined) continue;
    opened += 1;
    await new Promise((resolve) => setTimeout(resolve, 10)); // some expire meanwhile
    await session.close();
  }
  await sessions.close();
  return { opened, left: live.size };
}

/** A pool over a sandbox that throws where it must reject, and whose sessions reject where they must resolve. */
export async function poolOfThrowers(context: CaseContext): Promise<{ refused: number; left: number }> {
  await context.measure();
  const live = new Set<string>();
  let starts = 0;
  const sessions = pool(
    () => {
      starts += 1;
      if (starts % 2 === 0) throw new Error("thrown at once");
      return Promise.resolve(createThrower(live));
    },
    { size: 1, maxAgeMs: 20, refillDelayMs: 0 },
  );
  let refused = 0;
  for (let count = 0; count < 10; count += 1) {
    const session = await sessions.open().catch(() => (refused += 1));
    await new Promise((resolve) => setTimeout(resolve, 10)); // those ahead expire meanwhile
    if (typeof session === "object") live.delete(session.id);
  }
  await sessions.close();
  return { refused, left: live.size };
}

/** AgentCore sessions whose observer fails; gives what a cell printed and how many sessions were left. */
export async function agentCoreObserver(
  context: CaseContext,
  failing: Failing,
): Promise<{ stdout: string; left: number }> {
  const emulator = await startAgentCoreEmulator({ requestsPerSecond: 0 });
  await context.measure();
  emulator.fault({ kind: "throttled" });
  const sandbox = agentcore({
    ...clientOptions(emulator),
    invocationsPerSecond: 1,
    onEvent: OBSERVERS[failing],
  });
  const session = await openScriptSession({ sandbox });
  const { stdout } = await session.run("print(6 * 7)").result;
  await sandbox.close();
  const left = emulator.sessions.filter(({ status }) => status === "READY").length;
  await emulator.close();
  return { stdout, left };
}

let created = 0;

function createSession(live: Set<string>): PoolableSession {
  const id = `session-${(created += 1)}`;
  const end = Promise.withResolvers<void>();
  live.add(id);
  return {
    id,
    python: "3.12.0",
    frames: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) },
    get alive() {
      return live.has(id);
    },
    ended: end.promise,
    send: () => undefined,
    interrupt() {},
    async close() {
      live.delete(id);
      end.resolve();
    },
  };
}

function createThrower(live: Set<string>): PoolableSession {
  const session = createSession(live);
  return {
    ...session,
    alive: true,
    ended: new Promise((_resolve, reject) => setTimeout(reject, 30, new Error("ended badly"))),
    close() {
      live.delete(session.id);
      throw new Error("thrown at once");
    },
  };
}
