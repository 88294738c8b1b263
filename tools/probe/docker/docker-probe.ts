/**
 * A row of the Docker tables, and how it becomes a probe.
 */
import { docker } from "../../../src/sandbox/docker/docker.ts";
import type { DockerOptions } from "../../../src/sandbox/docker/docker-options.ts";
import { SANDBOX_LABEL } from "../../../src/sandbox/docker/container-spec.ts";
import type { ScriptLimits } from "../../../src/script/limits.ts";
import type { DockerContainer } from "../../docker-client.ts";
import type { Finding, Probe, ProbeClass } from "../probe.ts";
import { type ScriptRun, checkRun, describeRun } from "../script-run.ts";
import { runInSession } from "../session-run.ts";
import { type LooseSpec, runInContainer } from "./container-run.ts";
import type { DockerLab } from "./lab.ts";

/** One attempt as data. */
export interface DockerRow {
  readonly name: string;
  readonly class: ProbeClass;
  /** Python; ends with `did(…)`. */
  readonly script: string;
  /** Which setting the control is without. */
  readonly without: string;
  readonly loosen: (host: Record<string, unknown>, spec: LooseSpec, lab: DockerLab) => void;
  /** Whether the attempt succeeded. @default what the script says of itself */
  readonly judge?: (run: ScriptRun, lab: DockerLab) => boolean;
  /** What the judgement rests on, where it is not what the script says. */
  readonly evidence?: (run: ScriptRun, succeeded: boolean) => string;
  /** A success is that the script got hold of the secret. */
  readonly steals?: true;
  /** The script may be ended before it can say anything. */
  readonly mayEnd?: true;
  readonly docker?: DockerOptions;
  readonly limits?: Partial<ScriptLimits>;
  /** Looks at the container while it is there; its text is added to what the script printed. */
  readonly look?: (container: DockerContainer, lab: DockerLab) => Promise<string>;
  readonly unavailable?: (lab: DockerLab) => string | undefined;
}

/** Makes a probe of a row. */
export function toDockerProbe(row: DockerRow, lab: DockerLab): Probe {
  return {
    name: row.name,
    class: row.class,
    without: row.without,
    attempt: async () => judge(row, await attemptRow(row, lab), lab),
    control: async () => judge(row, await controlRow(row, lab), lab),
    unavailable: () => row.unavailable?.(lab),
  };
}

function judge(row: DockerRow, run: ScriptRun, lab: DockerLab): Finding {
  checkRun(run, row.mayEnd === true);
  const found = `${run.stdout}${run.facts?.detail ?? ""}`.includes(lab.secret);
  const succeeded = row.judge?.(run, lab) ?? (row.steals === true ? found : run.facts?.ok === true);
  const evidence = found ? "the secret was read" : (row.evidence?.(run, succeeded) ?? describeRun(run));
  return { succeeded, evidence: evidence.replaceAll(lab.secret, "the secret") };
}

async function attemptRow(row: DockerRow, lab: DockerLab): Promise<ScriptRun> {
  const sandbox = docker({ image: lab.image, ...row.docker });
  let seen = "";
  try {
    const run = await runInSession(sandbox, row.script, {
      lab: lab.values,
      limits: row.limits ?? {},
      inspect: async (session) => {
        if (row.look !== undefined) seen = await row.look(await findContainer(lab, session.id), lab);
      },
    });
    return { ...run, stdout: run.stdout + seen };
  } finally {
    await sandbox.close();
  }
}

async function controlRow(row: DockerRow, lab: DockerLab): Promise<ScriptRun> {
  let seen = "";
  const run = await runInContainer(lab.engine, row.script, {
    image: lab.image,
    lab: lab.values,
    ...(row.docker === undefined ? {} : { docker: row.docker }),
    loosen: (spec) => row.loosen(spec.HostConfig, spec, lab),
    ...(row.look === undefined
      ? {}
      : { inspect: async (container) => void (seen = (await row.look?.(container, lab)) ?? "") }),
  });
  return { ...run, stdout: run.stdout + seen };
}

async function findContainer({ engine }: DockerLab, name: string): Promise<DockerContainer> {
  const filters = { label: [`${SANDBOX_LABEL}=1`], name: [name] };
  const [found] = await engine.listContainers({ filters });
  if (found === undefined) throw new Error(`the container "${name}" is not there`);
  return engine.getContainer(found.Id);
}
