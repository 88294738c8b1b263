/**
 * Reads a scenario from a file: `.json` holds the list of turns (or an object with `turns`), a `.ts`, `.mts`, `.js` or
 * `.mjs` module exports `scenario`, a list or a function.
 *
 * Guarantee: what it returns has been checked, and an error names the file, the turn and the field.
 */
import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ToolscriptError } from "../../errors.ts";
import { isRecord } from "../is-record.ts";
import type { Scenario, ScenarioFunction, ScenarioTurn } from "../scenario.ts";

const MODULE_EXTENSIONS = new Set([".ts", ".mts", ".js", ".mjs"]);

/**
 * Loads a scenario.
 *
 * @param file path of the file, relative to the working directory
 * @throws {ToolscriptError} `invalid-argument` when the file cannot be read or holds no scenario
 */
export async function loadScenario(file: string): Promise<Scenario> {
  const loaded = await loadValue(file);
  if (typeof loaded === "function") {
    return loaded as ScenarioFunction;
  }
  const turns = isRecord(loaded) ? loaded["turns"] : loaded;
  if (!Array.isArray(turns)) {
    throw invalidScenario(file, 'want a list of turns, or an object with such a list as "turns"');
  }
  for (const [at, turn] of turns.entries()) {
    checkTurn(turn, at, file);
  }
  return turns as ScenarioTurn[];
}

async function loadValue(file: string): Promise<unknown> {
  const extension = extname(file).toLowerCase();
  if (extension === ".json") {
    return readJson(file);
  }
  if (!MODULE_EXTENSIONS.has(extension)) {
    throw invalidScenario(file, `want a ".json", ".ts", ".mts", ".js" or ".mjs" file`);
  }
  const module = await importModule(file);
  const scenario = module["scenario"];
  if (scenario === undefined) {
    throw invalidScenario(file, 'the module does not export "scenario"');
  }
  return scenario;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as unknown;
  } catch (error) {
    throw invalidScenario(file, error instanceof SyntaxError ? "it is not JSON" : "it cannot be read", error);
  }
}

async function importModule(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  } catch (error) {
    throw invalidScenario(file, "the module cannot be loaded", error);
  }
}

function checkTurn(turn: unknown, at: number, file: string): void {
  if (!isRecord(turn)) {
    throw invalidScenario(file, `turn ${at} is not an object`);
  }
  const { content } = turn;
  const areBlocks =
    Array.isArray(content) && content.every((block) => isRecord(block) && typeof block["type"] === "string");
  if (typeof content !== "string" && !areBlocks) {
    throw invalidScenario(
      file,
      `"content" of turn ${at} is neither a string nor a list of blocks with a "type"`,
    );
  }
  for (const key of ["delayMs", "eventDelayMs"]) {
    if (turn[key] !== undefined && typeof turn[key] !== "number") {
      throw invalidScenario(file, `"${key}" of turn ${at} is not a number`);
    }
  }
}

function invalidScenario(file: string, detail: string, cause?: unknown): ToolscriptError {
  return new ToolscriptError("invalid-argument", `Cannot load the scenario "${file}": ${detail}`, {
    ...(cause === undefined ? {} : { cause }),
    data: { file },
  });
}
