/**
 * The layer table of `ARCHITECTURE.md` as a rule: which folder of `src/` may import which, and what breaks that.
 *
 * Prose and rule are one text: the table is parsed, never repeated here.
 */
import { posix } from "node:path";

/** What one layer may import: the value is true when only `import type` is allowed. */
export type AllowedImports = ReadonlyMap<string, { readonly typesOnly: boolean }>;

/** Layers by name (`script`). */
export type LayerTable = ReadonlyMap<string, AllowedImports | "all">;

/** A source file, its path relative to the root of the repository, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Every layer may import these; they import no layer. */
const COMMON_FILES = new Set(["errors.ts", "observer.ts", "turn-share.ts"]);

/** The public API: it may import every layer but the command line, and no layer may import it. */
const PUBLIC_API_FILE = "index.ts";

/** Folders beside `src/` and the one layer that may import from each; from any other folder nothing may be imported. */
const OUTER_FOLDERS = new Map([["examples", "cli"]]);

const ROW = /^\|\s*`src\/([^`]+)`\s*\|[^|]*\|([^|]*)\|\s*$/;
const COMMENT_OR_STRING =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
const FROM = /\b(?:import|export)\s+(type\s)?(?:[\w$*{},\s]*?)\bfrom\s*["']([^"']+)["']/g;
const BARE_OR_DYNAMIC = /\bimport\s*\(?\s*["'`]([^"'`]+)["'`]/g;

/** Reads the rows under the heading `## Layers`. @throws when a row names a layer that the table does not have */
export function parseLayerTable(markdown: string): LayerTable {
  const section = markdown.split(/^## Layers\s*$/m)[1]?.split(/^## /m)[0] ?? "";
  const table = new Map<string, AllowedImports | "all">();
  for (const line of section.split("\n")) {
    const [, folder, cell] = ROW.exec(line) ?? [];
    if (folder !== undefined && cell !== undefined) table.set(folder, parseAllowed(cell.trim()));
  }
  for (const [folder, allowed] of table) {
    const names = allowed === "all" ? [] : [...allowed.keys()];
    const unknown = names.find((name) => !table.has(name));
    if (unknown !== undefined) {
      throw new Error(`The row of "src/${folder}" allows "${unknown}", which has no row`);
    }
  }
  return table;
}

function parseAllowed(cell: string): AllowedImports | "all" {
  if (cell === "all") return "all";
  if (cell === "–" || cell === "") return new Map();
  const entries = cell.split(",").map((entry) => entry.trim());
  return new Map(
    entries.map((entry) => [entry.replace(/\s*\(types\)$/, ""), { typesOnly: entry.endsWith("(types)") }]),
  );
}

/** Every import that the table does not allow, as a sentence each. */
export function findLayerViolations(table: LayerTable, files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    findImports(file.text)
      .filter((found) => found.specifier.startsWith("."))
      .map((found) => findViolation(table, file.path, found))
      .filter((violation) => violation !== undefined),
  );
}

/** Imports and re-exports, static and dynamic, of one module. */
function findImports(text: string): Import[] {
  const code = text.replaceAll(COMMENT_OR_STRING, (part) => (part.startsWith("/") ? " " : part));
  const named = [...code.matchAll(FROM)].map(([, type, specifier = ""]) => ({
    specifier,
    typeOnly: type !== undefined,
  }));
  const others = [...code.matchAll(BARE_OR_DYNAMIC)].map(([, specifier = ""]) => ({
    specifier,
    typeOnly: false,
  }));
  return [...named, ...others];
}

function findViolation(table: LayerTable, path: string, found: Import): string | undefined {
  const target = posix.normalize(posix.join(posix.dirname(path), found.specifier));
  const from = toLayer(path);
  const [folder = ""] = target.split("/");
  if (folder !== "src") {
    return OUTER_FOLDERS.get(folder) === from
      ? undefined
      : `${path} imports "${target}", which is outside of src/`;
  }
  const to = toLayer(target);
  if (from === to || COMMON_FILES.has(to) || (from === PUBLIC_API_FILE && to !== "cli")) return undefined;
  const rule = from.endsWith(".ts") ? new Map<string, never>() : table.get(from);
  if (rule === undefined) return `${path} is in "src/${from}", which has no row in the layer table`;
  if (rule === "all") return undefined;
  const allowed = rule.get(to);
  if (allowed === undefined) return `${path} imports "${target}"; "src/${from}" may not import "src/${to}"`;
  if (allowed.typesOnly && !found.typeOnly) {
    return `${path} imports "${target}" as a value; "src/${from}" may only "import type" from "src/${to}"`;
  }
  return undefined;
}

function toLayer(path: string): string {
  return path.split("/")[1] ?? "";
}
