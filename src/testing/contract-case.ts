/**
 * What a case of the sandbox contract is. Bound to no test runner: a case is a name and an async function that throws.
 */
import type { CellResult } from "../script/script-run.ts";
import type { Convention, OpenScriptSessionOptions, ScriptSession } from "../script/script-session.ts";
import type { Tool } from "../tools/tool.ts";

/** Options of {@link ContractBench.open} and {@link ContractBench.run}: everything of a session but its sandbox. */
export type BenchOptions = Omit<OpenScriptSessionOptions, "sandbox">;

/** What a backend can do beyond the contract; a case for something that it cannot do asserts the refusal instead. */
export interface SandboxTraits {
  /** `threading` starts threads. */
  readonly threads: boolean;
  /** `subprocess` starts programs. */
  readonly subprocesses: boolean;
}

/** Where a case runs. */
export interface ContractBench {
  readonly traits: SandboxTraits;
  /** Runs one cell in a session that cases share, with these tools (none by default). */
  run(code: string, tools?: readonly Tool[]): Promise<CellResult>;
  /** The session that cases of a convention share, with these tools. A case that uses it leaves it idle. */
  shared(tools?: readonly Tool[], convention?: Convention): Promise<ScriptSession>;
  /** Opens a session of the case's own; the bench closes it. */
  open(options?: BenchOptions): Promise<ScriptSession>;
}

/** One requirement on a backend and its proof. */
export interface ContractCase {
  /** Id of a requirement of `test/conformance/requirements.ts`. */
  readonly id: string;
  /** What the case shows, as a sentence. */
  readonly shows: string;
  /** Throws when the backend does not do it. */
  run(bench: ContractBench): Promise<void>;
}
