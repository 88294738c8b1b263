/** Inputs that make a check long: one tool each, called once or often, as one session would. */
import type { CaseContext } from "../child.ts";
import { type Cost, leastOf, startMeasuring } from "../measure.ts";
import { JSON_SCHEMA_SCENES } from "../schemas/json-schema-scenes.ts";
import type { Scene } from "../schemas/scene.ts";
import { ZOD_SCENES } from "../schemas/zod-scenes.ts";

/** What came of the calls of one scene, and what they cost. */
export interface InputsOutcome {
  readonly name: string;
  readonly cost: Cost;
  readonly accepted: number;
  readonly refused: number;
  /** Of the first call that was refused. */
  readonly message: string | undefined;
  readonly longestMessage: number;
}

const SCENES: Readonly<Record<string, Scene>> = { ...ZOD_SCENES, ...JSON_SCHEMA_SCENES };

/** Plays the scenes one after the other; all of them, or those that do not take long. */
export async function scenes(context: CaseContext, argument: unknown): Promise<InputsOutcome[]> {
  const { areAll, only } = argument as { areAll: boolean; only?: string };
  const outcomes: InputsOutcome[] = [];
  for (const [name, scene] of Object.entries(SCENES)) {
    const isPlayed = (areAll || scene.isSlow !== true) && name.includes(only ?? "");
    if (isPlayed) outcomes.push(await leastOf(() => play(name, scene)));
  }
  await context.measure();
  return outcomes;
}

async function play(name: string, scene: Scene): Promise<InputsOutcome> {
  const subject = await scene.tool();
  const inputs = Array.from({ length: scene.calls ?? 1 }, () => scene.input());
  for (let warmth = 0; warmth < 3; warmth += 1) await subject.parseInput(scene.warmUp ?? {});
  const measurement = await startMeasuring();
  const owner = {};
  // All of them in one turn, as they come out of one wave.
  const parsed = await Promise.all(inputs.map(async (input) => await subject.parseInput(input, { owner })));
  const messages = parsed
    .map((one) => (one.ok ? undefined : one.message))
    .filter((text) => text !== undefined);
  return {
    name,
    cost: await measurement.stop(),
    accepted: parsed.length - messages.length,
    refused: messages.length,
    message: messages[0]?.slice(0, 2_000),
    longestMessage: Math.max(0, ...messages.map((text) => text.length)),
  };
}
