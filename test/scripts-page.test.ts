import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MODEL_SCRIPTS, type ModelScript } from "../src/testing/cases/model-scripts.ts";

const PAGE = new URL("../docs/scripts.md", import.meta.url);

function toRow({ habit, code, conventions, prints, says, saysInWasm }: ModelScript): string {
  const outcome = prints === undefined ? `says: ${says}` : "works";
  const where = conventions === undefined ? "" : ` (${conventions.join()})`;
  const inWasm = saysInWasm === undefined ? "" : `; in WebAssembly: ${saysInWasm}`;
  return `| ${habit}${where} | ${toCode(code)} | ${toCell(outcome + inWasm)} |`;
}

function toCode(code: string): string {
  const line = code.replace("\ufeff", "⟨BOM⟩").replaceAll("\r", "").trim().replaceAll("\n", " ⏎ ");
  return `<code>${toCell(line)}</code>`;
}

function toCell(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("|", "\\|")
    .replaceAll("`", "\\`")
    .replaceAll("*", "\\*")
    .replaceAll("_", "\\_");
}

const TABLE = ["| models … | such as | outcome |", "|---|---|---|", ...MODEL_SCRIPTS.map(toRow)].join("\n");

test("docs/scripts.md has the table of scripts as they are tested", () => {
  const page = readFileSync(PAGE, "utf8");
  expect(page).toContain(TABLE);
  expect(MODEL_SCRIPTS.length).toBeGreaterThanOrEqual(40);
});
