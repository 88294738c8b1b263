/**
 * Holds the folders of `src/` to the layer table of `ARCHITECTURE.md`, and proves that the check can fail.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { findLayerViolations, parseLayerTable, type SourceFile } from "./layer-rules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const table = parseLayerTable(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));

/** Tests are left out: they may use whatever they test with. */
function readSources(): SourceFile[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .map((path) => `src/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

function check(path: string, text: string): string[] {
  return findLayerViolations(table, [{ path, text }]);
}

describe("layers", () => {
  test("src keeps to the layer table when every import is read", () => {
    const sources = readSources();
    expect(sources.length).toBeGreaterThan(0);
    expect(findLayerViolations(table, sources)).toEqual([]);
  });

  test("every folder of src has a row when it holds code", () => {
    const layers = readSources()
      .map(({ path }) => path.split("/"))
      .filter((parts) => parts.length > 2);
    expect(layers.map(([, layer = ""]) => layer).filter((layer) => !table.has(layer))).toEqual([]);
  });
});

describe("findLayerViolations()", () => {
  test.each([
    ["static import", 'import { a } from "../agent/create-agent.ts";'],
    ["import over several lines", 'import {\n  a,\n  b,\n} from "../agent/create-agent.ts";'],
    ["type import", 'import type { A } from "../agent/create-agent.ts";'],
    ["re-export", 'export { a } from "../agent/create-agent.ts";'],
    ["bare import", 'import "../agent/create-agent.ts";'],
    ["dynamic import", 'const a = await import("../agent/create-agent.ts");'],
    [
      "import after a string that looks like a comment",
      'const g = "/*";\nimport { a } from "../agent/a.ts";',
    ],
  ])("findLayerViolations() names a planted violation when it is a %s", (_name, text) => {
    expect(check("src/protocol/planted.ts", text)).toEqual([
      expect.stringContaining('"src/protocol" may not import "src/agent"'),
    ]);
  });

  test("findLayerViolations() allows types alone when the table says types", () => {
    expect(check("src/emulator/x.ts", 'import type { Model } from "../model/model.ts";')).toEqual([]);
    expect(check("src/emulator/x.ts", 'import { Model } from "../model/model.ts";')).toEqual([
      expect.stringContaining('may only "import type"'),
    ]);
  });

  test("findLayerViolations() refuses files outside of src when the layer is not cli", () => {
    const text = 'import { tools } from "../../examples/expense-auditor/tools.ts";';
    expect(check("src/agent/x.ts", text)).toEqual([expect.stringContaining("outside of src/")]);
    expect(check("src/cli/x.ts", text)).toEqual([]);
  });

  test("findLayerViolations() reads no imports when they are in comments", () => {
    expect(check("src/protocol/x.ts", '// import "../agent/a.ts"\n/* import "../agent/a.ts" */')).toEqual([]);
  });

  test("findLayerViolations() allows the error class when any layer imports it", () => {
    expect(check("src/protocol/x.ts", 'import { ToolscriptError } from "../errors.ts";')).toEqual([]);
  });

  test("findLayerViolations() keeps the command line out of the public API when index.ts imports", () => {
    expect(check("src/index.ts", 'export { tool } from "./tools/tool.ts";')).toEqual([]);
    expect(check("src/index.ts", 'export { run } from "./cli/run.ts";')).toHaveLength(1);
    expect(check("src/tools/x.ts", 'import { tool } from "../index.ts";')).toHaveLength(1);
    expect(check("src/errors.ts", 'import { tool } from "./tools/tool.ts";')).toHaveLength(1);
  });

  test("findLayerViolations() names a folder when it has no row", () => {
    expect(check("src/new-folder/x.ts", 'import { a } from "../agent/a.ts";')).toEqual([
      expect.stringContaining("has no row in the layer table"),
    ]);
  });
});

describe("parseLayerTable()", () => {
  test("parseLayerTable() refuses a row when it allows a layer that does not exist", () => {
    const markdown = "## Layers\n| `src/a` | job | b |\n";
    expect(() => parseLayerTable(markdown)).toThrow('The row of "src/a" allows "b", which has no row');
  });
});
