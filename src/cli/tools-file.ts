/**
 * Loads the tools of a user's file: TypeScript or JavaScript, an array of `tool(…)` as default export or as `tools`.
 */
import type { Tool } from "../tools/tool.ts";
import { UsageError } from "./failure.ts";
import { importUserModule, type ModuleExports } from "./module-file.ts";

const SHAPE_HINT = 'Export an array: "export const tools = [tool({ name, description, input, execute })]"';

/**
 * The tools of the file at `path`, or none without a path.
 *
 * @throws {UsageError} when the file is not there, does not load, or does not export an array of tools that can run
 */
export async function loadToolsFile(path: string | undefined): Promise<readonly Tool[]> {
  if (path === undefined) return [];
  const exported = await importUserModule(path, "tools file");
  const tools = findTools(exported);
  if (tools === undefined) {
    const found = Object.keys(exported).join(", ") || "nothing";
    throw unusable(path, `it exports "${found}", not an array of tools as "default" or "tools"`);
  }
  return tools.map((tool: unknown, index) => {
    if (!isTool(tool)) throw unusable(path, `entry "${index}" of its array is no tool`);
    // Nobody would ever answer the calls of a tool that is only declared.
    if (tool.execute === undefined) throw unusable(path, `the tool "${tool.name}" has no "execute"`);
    return tool;
  });
}

/** Also what a CommonJS file exports: `module.exports` is then the default export, be it the array or what holds it. */
function findTools(exported: ModuleExports): readonly unknown[] | undefined {
  const byDefault = exported["default"];
  const inside = typeof byDefault === "object" && byDefault !== null ? (byDefault as ModuleExports) : {};
  const candidates = [byDefault, exported["tools"], inside["default"], inside["tools"]];
  return candidates.find((candidate) => Array.isArray(candidate));
}

function unusable(path: string, reason: string): UsageError {
  return new UsageError(`Cannot use the tools file "${path}": ${reason}`, { hint: SHAPE_HINT });
}

/** By shape, not by class: the file may have made its tools with another copy of the package. */
function isTool(value: unknown): value is Tool {
  if (typeof value !== "object" || value === null) return false;
  const { name, description, parseInput, allowedCallers } = value as Partial<Tool>;
  return (
    typeof name === "string" &&
    typeof description === "string" &&
    typeof parseInput === "function" &&
    Array.isArray(allowedCallers)
  );
}
