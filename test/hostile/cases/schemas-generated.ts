/** Tools with generated schemas, called with generated inputs: what they cost, and whether the verdict is the plain one. */
import { Ajv2020 } from "ajv/dist/2020.js";
import * as z from "zod";
import { isToolscriptError } from "../../../src/errors.ts";
import { declareTool } from "../../../src/tools/declare-tool.ts";
import { tool } from "../../../src/tools/define-tool.ts";
import { runBounded } from "../../../src/tools/run-bounded.ts";
import type { JsonSchema, ParsedInput, Tool } from "../../../src/tools/tool.ts";
import type { CaseContext } from "../child.ts";
import { createRandom, type Random } from "../random.ts";
import { generateInput, generateSchema, generateZod } from "../schemas/generate.ts";

/** The seed, and how many seconds. */
export interface GeneratedArgument {
  readonly seed: number;
  readonly seconds: number;
}

/** What was tried, and what differed. */
export interface GeneratedOutcome {
  readonly schemas: number;
  readonly inputs: number;
  readonly accepted: number;
  /** Inputs whose check was given up: it took too long, or was nested too deeply. */
  readonly givenUp: number;
  /** Seeds with a verdict that is not the plain one, or a message that is too long. */
  readonly wrong: readonly string[];
}

/** Parts of one frame. */
const MOST_PARTS = 250_000;
const INPUTS = 6;
const PLAIN_MS = 200;
const GIVEN_UP =
  /took longer than|nested too deeply|could not be checked|cannot be checked|checked as a whole/;

/** The verdict of the plain library; undefined where it does not finish. */
type Plain = (input: unknown) => boolean | undefined;

/** Generates, for so many seconds. */
export async function generated(context: CaseContext, argument: unknown): Promise<GeneratedOutcome> {
  const { seed, seconds } = argument as GeneratedArgument;
  const counts = { schemas: 0, inputs: 0, accepted: 0, givenUp: 0, wrong: [] as string[] };
  for (let warmth = 0; warmth < 30; warmth += 1) await tryOne(context, 1_000_000 + warmth, counts);
  Object.assign(counts, { schemas: 0, inputs: 0, accepted: 0, givenUp: 0 });
  await context.measure();
  const until = performance.now() + seconds * 1_000;
  for (let number = seed; performance.now() < until; number += 1) await tryOne(context, number, counts);
  return counts;
}

async function tryOne(
  context: CaseContext,
  seed: number,
  counts: { schemas: number; inputs: number; accepted: number; givenUp: number; wrong: string[] },
): Promise<void> {
  const random = createRandom(seed);
  const made = random.chance(0.5) ? makeZod(random) : await makeJson(context, random);
  if (made === undefined) return;
  counts.schemas += 1;
  for (let at = 0; at < INPUTS; at += 1) {
    const input = context.uncounted(() => generateInput(random, MOST_PARTS));
    const parsed = await made.subject.parseInput(input);
    counts.inputs += 1;
    counts.accepted += parsed.ok ? 1 : 0;
    const isGivenUp = !parsed.ok && GIVEN_UP.test(parsed.message);
    counts.givenUp += isGivenUp ? 1 : 0;
    const want = isGivenUp ? undefined : context.uncounted(() => made.plain(input));
    if (isWrong(parsed, want)) {
      counts.wrong.push(`${seed}: input ${at}, wanted ${want}: ${JSON.stringify(parsed)?.slice(0, 300)}`);
    }
  }
}

function isWrong(parsed: ParsedInput, want: boolean | undefined): boolean {
  return (want !== undefined && parsed.ok !== want) || (!parsed.ok && parsed.message.length > 1_000);
}

interface Made {
  readonly subject: Tool;
  readonly plain: Plain;
}

function makeZod(random: Random): Made | undefined {
  const input = generateZod(random);
  try {
    const subject = tool({ name: "near", description: "", input, execute: () => null });
    // Nulls for what is optional are the tool's own affair: where it took one, plain Zod may have refused it.
    const plain: Plain = (value) => bounded(() => z.core.safeParse(input, value).success) ?? undefined;
    return { subject, plain: (value) => (hasNull(value) ? undefined : plain(value)) };
  } catch (error) {
    if (isToolscriptError(error, "invalid-tool")) return undefined;
    throw error;
  }
}

function hasNull(value: unknown): boolean {
  return Object.values(value as object).includes(null);
}

async function makeJson(context: CaseContext, random: Random): Promise<Made | undefined> {
  const inputSchema = generateSchema(random);
  try {
    const subject = await declareTool({
      name: "far",
      description: "",
      inputSchema,
      allowedCallers: ["programmatic"],
    });
    const validate = context.uncounted(() => compilePlain(inputSchema));
    if (validate === undefined) return undefined;
    // As above.
    return { subject, plain: (input) => (hasNull(input) ? undefined : bounded(() => validate(input))) };
  } catch (error) {
    if (isToolscriptError(error, "invalid-tool")) return undefined;
    throw error;
  }
}

function compilePlain(schema: JsonSchema): ((input: unknown) => boolean) | undefined {
  try {
    const ajv = new Ajv2020({
      strict: false,
      logger: false,
      inlineRefs: false,
      ownProperties: true,
      validateFormats: false,
      multipleOfPrecision: 8,
      code: { optimize: false },
    });
    const validate = ajv.compile(schema);
    return (input) => validate(input);
  } catch {
    return undefined;
  }
}

function bounded(job: () => boolean): boolean | undefined {
  try {
    const result = runBounded(job, PLAIN_MS);
    return result.done ? result.value : undefined;
  } catch (error) {
    // Too deep, or an asynchronous step: nothing to compare with.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
