/**
 * Results as a table, and the page that keeps them.
 */
import { readFile, writeFile } from "node:fs/promises";
import { arch, cpus, release, type } from "node:os";
import { repositoryRoot } from "../steps.ts";
import { type ProbeResult, isFailure } from "./probe.ts";

/** One run, with where it ran. */
export interface ProbeReport {
  readonly sandbox: string;
  readonly setting: string;
  readonly command: string;
  readonly results: readonly ProbeResult[];
  readonly notes?: string | undefined;
}

const PAGE = new URL("../../docs/isolation.md", import.meta.url);

const INTRODUCTION = `# Isolation probes

Every line is one attempt to get out of a sandbox, made by a script in a live session. Each is judged by what the host
sees afterwards (a listener, a file, a process, a container's state) where that is possible. The last column is
the proof that the attempt is a real one: what it does where the control that stops it is missing, judged in the same way.
Outcomes are \`contained\`, \`escaped\`, or \`unproven\` when an attempt could not be judged.

This page is written by \`npm run probe -- --sandbox docker\`, the same with \`wasm\` and with \`agentcore\`; each replaces its own section. The tests run the
same probes.
`;

/** One line for people, while the probes run. */
export function formatLine(result: ProbeResult): string {
  const mark = isFailure(result) ? "✗" : "✓";
  return `${mark} ${result.outcome.padEnd(9)} ${result.class}: ${result.name} (${result.evidence})\n    control ${result.control}`;
}

/** How many of what. */
export function formatSummary({ sandbox, results }: ProbeReport): string {
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  const shown = results.filter(({ controlShown }) => controlShown).length;
  const unavailable = results.filter(({ controlUnavailable }) => controlUnavailable).length;
  return `${sandbox}: ${results.length} probes, ${count("contained")} contained, ${count("escaped")} escaped, ${count("unproven")} unproven; ${shown} controls shown, ${unavailable} that this machine cannot show`;
}

/** Writes the section of this sandbox and keeps those of the others. */
export async function updatePage(report: ProbeReport): Promise<void> {
  const page = await readFile(PAGE, "utf8").catch(() => "");
  const sections = new Map(
    page
      .split(/^(?=## )/m)
      .slice(1)
      .map((section) => [/^## (.*)$/m.exec(section)?.[1] ?? "", section.trim()]),
  );
  sections.set(report.sandbox, formatSection(report));
  const sorted = [...sections].toSorted(([a], [b]) => a.localeCompare(b)).map(([, text]) => text);
  await writeFile(PAGE, `${[INTRODUCTION.trim(), ...sorted].join("\n\n")}\n`);
}

function formatSection(report: ProbeReport): string {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${type()} ${release()}, ${arch()}, ${cpus().length} processors`;
  const rows = report.results.map(
    ({ class: kind, name, outcome, evidence, control }) =>
      `| ${[kind, name, outcome, evidence, control].map(escapeCell).join(" | ")} |`,
  );
  return [
    `## ${report.sandbox}`,
    "",
    `${formatSummary(report)}.`,
    `Machine: ${machine}; ${report.setting}; Node.js ${process.version}. Command: \`${report.command}\`. Date: ${date}.`,
    ...(report.notes === undefined ? [] : ["", report.notes.trim()]),
    "",
    "| class | attempt | outcome | what was seen | control: the attempt … |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/** As a cell of a table; the page holds no path of the machine that made it. */
function escapeCell(text: string): string {
  return text
    .replaceAll(`${repositoryRoot}/`, "")
    .replaceAll("|", "\\|")
    .replaceAll(/[\s\x00-\x1f\x7f]+/g, " ")
    .replaceAll("<", "&lt;");
}
