/**
 * The contract that every sandbox passes, as a list of cases for any test runner.
 */
import type { Sandbox } from "../sandbox/sandbox.ts";
import { type Convention, openScriptSession, type ScriptSession } from "../script/script-session.ts";
import { budgetCases } from "./cases/budgets.ts";
import { callCases } from "./cases/calls.ts";
import { errorCases } from "./cases/errors.ts";
import { habitCases } from "./cases/habits.ts";
import { outputCases } from "./cases/output.ts";
import { scriptCases } from "./cases/scripts.ts";
import { sessionCases } from "./cases/sessions.ts";
import { valueCases } from "./cases/values.ts";
import { waveCases } from "./cases/waves.ts";
import type { ContractBench, ContractCase, SandboxTraits } from "./contract-case.ts";

/** Every case of the contract. */
export const sandboxContract: readonly ContractCase[] = [
  ...scriptCases,
  ...callCases,
  ...valueCases,
  ...waveCases,
  ...errorCases,
  ...outputCases,
  ...budgetCases,
  ...sessionCases,
  ...habitCases,
];

/** A bench over one sandbox, to be closed after the last case. */
export interface OpenContractBench extends ContractBench {
  /** Runs one case and closes the sessions that it opened. */
  prove(contractCase: ContractCase): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a bench. Cases that need no session of their own share one.
 *
 * @example
 * const bench = openContractBench(wasm(), { threads: false, subprocesses: false });
 * for (const one of sandboxContract) test(`[${one.id}] ${one.shows}`, () => bench.prove(one));
 * afterAll(() => bench.close());
 */
export function openContractBench(sandbox: Sandbox, traits: SandboxTraits): OpenContractBench {
  const sharedOnes = new Map<Convention, ScriptSession>();
  const own: ScriptSession[] = [];

  const bench: OpenContractBench = {
    traits,
    async run(code, tools) {
      const session = await bench.shared(tools);
      return session.run(code).result;
    },
    async shared(tools = [], convention = "native") {
      const known = sharedOnes.get(convention);
      const session = known?.alive === true ? known : await openScriptSession({ sandbox, convention });
      sharedOnes.set(convention, session);
      session.setTools(tools);
      return session;
    },
    async open(options = {}) {
      const session = await openScriptSession({ sandbox, ...options });
      own.push(session);
      return session;
    },
    async prove(contractCase) {
      try {
        await contractCase.run(bench);
      } finally {
        await Promise.all(own.splice(0).map((session) => session.close()));
      }
    },
    async close() {
      await Promise.all([...sharedOnes.values()].map((session) => session.close()));
      await sandbox.close();
    },
  };
  return bench;
}
