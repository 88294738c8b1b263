/**
 * `toolscript/testing`: for authors of a sandbox backend.
 */
export type { BenchOptions, ContractBench, ContractCase, SandboxTraits } from "./contract-case.ts";
export { type OpenContractBench, openContractBench, sandboxContract } from "./sandbox-contract.ts";
