/** Sessions whose runner is forged: what reaches the host is the program's, to the last byte. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isToolscriptError } from "../../../src/errors.ts";
import { openConnection } from "../../../src/protocol/connection.ts";
import type { Sandbox, SandboxSession } from "../../../src/sandbox/sandbox.ts";
import type { ScriptLimits } from "../../../src/script/limits.ts";
import { openScriptSession } from "../../../src/script/script-session.ts";
import { tool } from "../../../src/tools/define-tool.ts";
import type { Tool } from "../../../src/tools/tool.ts";
import type { CaseContext } from "../child.ts";

const FORGER = fileURLToPath(new URL("../forger.py", import.meta.url));
const MIB = 1024 * 1024;

/** What a forged session is to be. */
export interface ForgedArgument {
  /** Python; see `forger.py`. */
  readonly program: string;
  /** What the tool does with its calls. @default "echo" */
  readonly does?: keyof typeof TOOLS;
  readonly limits?: Partial<ScriptLimits>;
}

/** How it ended. */
export interface ForgedOutcome {
  /** The error's code, or `result`. */
  readonly end: string;
  readonly limit: string | null;
  readonly message: string;
}

/* oxlint-disable typescript/prefer-promise-reject-errors, unicorn/no-thenable -- tools do throw such things */
/** What the tools themselves hold is theirs: one value for all calls. */
const LARGE_TEXT = Buffer.alloc(16 * MIB, "x").toString("latin1");
const LARGE_LIST = Array.from({ length: 300_000 }, (_, id) => ({ id, name: `name of ${id}` }));

const TOOLS = {
  echo: () => "x",
  waits: () => new Promise(() => {}),
  "waits a little": () => sleep(200, "x"),
  "returns 1 MiB": () => "x".repeat(MIB),
  "returns 16 MiB": () => sleep(10).then(() => LARGE_TEXT),
  "returns 16 MiB of records": () => sleep(10).then(() => LARGE_LIST),
  "throws an object without a prototype": () => Promise.reject(Object.create(null)),
  "throws what throws": () => Promise.reject(THROWS),
  "throws an error whose message throws": () =>
    Promise.reject(
      Object.defineProperty(new Error("x"), "message", { get: () => String(Symbol.iterator in THROWS) }),
    ),
  "throws nothing": () => Promise.reject(undefined),
  "throws a symbol": () => Promise.reject(Symbol("s")),
  "throws a revoked proxy": () => Promise.reject(revoked()),
  "throws 64 MiB": () => Promise.reject(new Error("x".repeat(64 * MIB))),
  "returns what throws": () =>
    Promise.resolve({
      toJSON: () => {
        throw Object.create(null);
      },
    }),
  "returns a revoked proxy": () => [revoked()],
  "returns a thenable that throws": () => ({
    then: () => {
      throw Object.create(null);
    },
  }),
} satisfies Record<string, () => unknown>;

/* oxlint-enable typescript/prefer-promise-reject-errors, unicorn/no-thenable */

const THROWS = new Proxy(
  {},
  {
    get: () => {
      throw Object.create(null);
    },
    has: () => {
      throw Object.create(null);
    },
    getPrototypeOf: () => {
      throw Object.create(null);
    },
  },
);

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function makeTool(does: keyof typeof TOOLS): Tool {
  return tool({
    name: "tool",
    description: "A tool.",
    input: { type: "object" },
    execute: () => TOOLS[does](),
  });
}

/** Runs an honest program for warmth, and then the hostile one. */
export async function forge(context: CaseContext, argument: unknown): Promise<ForgedOutcome> {
  const { program, does = "echo", limits } = argument as ForgedArgument;
  for (let round = 0; round < 2; round += 1) await run(HONEST, "echo", {});
  await context.measure();
  return await run(program, does, { runningMs: 2_000, interruptGraceMs: 500, totalMs: 50_000, ...limits });
}

const HONEST = `
for id in range(1, 200): call(id, '{"a":[1,2,{"b":"c"}]}')
call(200, '{"a":"%s"}' % ("x" * 200000))
frame(type="output", cell=1, stream="stdout", text="x" * 1000)
blocked()
for id in range(200): read()
done()
`;

async function run(
  program: string,
  does: keyof typeof TOOLS,
  limits: Partial<ScriptLimits>,
): Promise<ForgedOutcome> {
  const session = await openScriptSession({
    sandbox: forgedSandbox(program),
    tools: [makeTool(does)],
    limits,
  });
  try {
    const result = await session.run("").result;
    return { end: "result", limit: result.limit, message: result.stderr };
  } catch (error) {
    if (!isToolscriptError(error)) throw error;
    return { end: error.code, limit: null, message: error.message };
  } finally {
    await session.close();
  }
}

/** A sandbox whose sessions run `program` in place of a runner. */
export function forgedSandbox(program: string): Sandbox {
  return { name: "forged", open: () => open(program), close: async () => {} };
}

async function open(program: string): Promise<SandboxSession> {
  const child = spawn("python3", ["-I", FORGER, program], { stdio: ["pipe", "ignore", "pipe"] });
  const connection = openConnection({ input: child.stdin, output: child.stderr });
  return {
    id: "forged",
    python: await connection.hello(),
    frames: connection.frames,
    send: (frames) => connection.send(frames),
    interrupt() {},
    async close() {
      connection.end();
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}
