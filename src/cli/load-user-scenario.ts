/**
 * Loads the scenario of a user's file, which stands in for a model.
 */
import type { Scenario } from "../model/scenario.ts";
import { installOwnPackageHook } from "./own-package-hook.ts";
import { resolveUserPath } from "./user-path.ts";

/**
 * Reads a `.json` file, or a module that may import `toolscript` by name.
 *
 * @throws {ToolscriptError} `invalid-argument` when the file cannot be read or holds no scenario
 */
export async function loadUserScenario(path: string): Promise<Scenario> {
  const { loadScenario } = await import("../model/scripted/load-scenario.ts");
  installOwnPackageHook();
  return await loadScenario(resolveUserPath(path));
}
