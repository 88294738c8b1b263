/**
 * The sandboxes that the command line knows by name. A new backend is one more line here.
 *
 * A backend is only loaded when it is asked for: none of them may cost start-up time, or need its packages, unless used.
 */
import type { Sandbox } from "../sandbox/sandbox.ts";
import { UsageError } from "./failure.ts";
import { print } from "./output.ts";

/** Takes a line for the user: what is used in place of what. */
type Say = (line: string) => void;

const SANDBOXES: Readonly<Record<string, (say: Say) => Promise<Sandbox>>> = {
  wasm: async () => (await import("../sandbox/wasm/wasm.ts")).wasm(),
  docker: async (say) => await (await import("./docker-with-image.ts")).dockerWithImage(say),
  agentcore: async () => (await import("../sandbox/agentcore/agentcore.ts")).agentcore(),
};

/** What commands that only show things use in place of a sandbox that needs an account. */
const OFFLINE_SANDBOXES: Readonly<Record<string, (say: Say) => Promise<Sandbox>>> = {
  agentcore: async (say) => await (await import("./agentcore-offline.ts")).agentcoreOrEmulator(say),
};

/** Used when the user names none: it needs nothing but this package. */
export const DEFAULT_SANDBOX = "wasm";

/** Names that {@link resolveSandbox} takes. */
export const SANDBOX_NAMES: readonly string[] = Object.keys(SANDBOXES);

/** Makes the sandbox of that name. The caller closes it. @throws {UsageError} when there is no such sandbox */
export async function resolveSandbox(name: string, say: Say = sayOnStandardError): Promise<Sandbox> {
  const create = Object.hasOwn(SANDBOXES, name) ? SANDBOXES[name] : undefined;
  if (create !== undefined) return await create(say);
  throw new UsageError(`Cannot use the sandbox "${name}": wanted one of "${SANDBOX_NAMES.join('", "')}"`);
}

/**
 * The same, but a sandbox that needs an account which is not configured is emulated, and a line on standard error says
 * so. For `demo` and `exec`. @throws {UsageError} when there is no such sandbox
 */
export async function resolveSandboxOrEmulator(name: string): Promise<Sandbox> {
  const create = Object.hasOwn(OFFLINE_SANDBOXES, name) ? OFFLINE_SANDBOXES[name] : undefined;
  if (create === undefined) return await resolveSandbox(name);
  return await create(sayOnStandardError);
}

/** Tells the user on standard error. */
export function sayOnStandardError(line: string): void {
  print(process.stderr, `${line}\n`);
}
