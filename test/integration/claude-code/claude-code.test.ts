/**
 * Claude Code, unmodified, in print mode: the newest version and an older one, over the proxy and as a client of Bedrock
 * itself. A scripted model; every tool that it asks for is really run by Claude Code.
 */
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { requireOrSkip } from "../../require.ts";
import {
  type ClaudeRun,
  type ClaudeScene,
  RUN_TIMEOUT_MS,
  startClaudeScene,
  type Way,
} from "./claude-scene.ts";
import { NEWEST_CLAUDE_CODE, OLD_CLAUDE_CODE, prepareClaudeCode } from "./prepare-claude-code.ts";

/** A run that hangs is ended by the scene, and says so. */
vi.setConfig({ testTimeout: 2 * RUN_TIMEOUT_MS, hookTimeout: RUN_TIMEOUT_MS });

const programs = new Map<string, string>();
const skip = await requireOrSkip("claude-code", async () => {
  for (const version of [NEWEST_CLAUDE_CODE, OLD_CLAUDE_CODE]) {
    programs.set(version, await prepareClaudeCode(version));
  }
  return true;
});

const CASES = [NEWEST_CLAUDE_CODE, OLD_CLAUDE_CODE].flatMap((version) =>
  (["proxy", "bedrock"] as const).map((way) => [version, way] as const),
);

describe.skipIf(skip).each(CASES)("Claude Code %s, way to the model: %s", (version, way) => {
  let scene: ClaudeScene;
  beforeAll(async () => {
    scene = await startClaudeScene();
  });
  afterAll(async () => await scene[Symbol.asyncDispose]());
  beforeEach(() => scene.clearRequests());

  const run = async (prompt: string, ...args: string[]): Promise<ClaudeRun> =>
    await scene.run(programs.get(version) ?? "", way, prompt, args);

  test("uses one tool after another, and goes on in a session that is resumed", async () => {
    const note = join(scene.folder, "note.txt");
    const first = readOutcome(await run(`PLAY loop ${note}`, "--output-format", "json"));
    expect(first.result).toMatch(/^The file says: .*sum 23/);
    expect(first.num_turns).toBe(3);
    expectServed(scene, way, 3);
    const more = await run("PLAY recall", "--resume", first.session_id, "--output-format", "json");
    expect(readOutcome(more).result).toBe("Before: loop, recall");
    expectServed(scene, way, 4);
  });

  test("runs several calls of one turn, streamed as JSON", async () => {
    const output = ["--output-format", "stream-json", "--verbose", "--include-partial-messages"];
    const { stdout, exitCode } = await run("PLAY parallel", ...output);
    const lines = stdout.trim().split("\n");
    const events = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(exitCode).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: "result", result: "part 11 and part 22 and part 33" });
    expect(readDeltas(events)).toBe("I will see.part 11 and part 22 and part 33");
    expectServed(scene, way, 2);
  });

  test("has an agent under it that uses a tool", async () => {
    const { result } = readOutcome(await run("PLAY delegate", "--output-format", "json"));
    expect(result).toMatch(/^It said: [^]*Inside: inner 42/);
    expectServed(scene, way, 4);
  });
});

interface Outcome {
  readonly is_error: boolean;
  readonly result: string;
  readonly session_id: string;
  readonly num_turns: number;
}

function readOutcome({ stdout, stderr, exitCode }: ClaudeRun): Outcome {
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const outcome = JSON.parse(stdout) as Outcome;
  expect(outcome.is_error).toBe(false);
  return outcome;
}

/** The text of all deltas: what a reader of the stream sees. */
function readDeltas(events: readonly Readonly<Record<string, unknown>>[]): string {
  const streamed = events.filter(({ type }) => type === "stream_event");
  const deltas = streamed.map(
    ({ event }) => (event as { readonly delta?: { readonly text?: string } }).delta,
  );
  return deltas.map((delta) => delta?.text ?? "").join("");
}

/** Betas that Claude Code tries as a client of Bedrock, where nothing says that they are taken; it goes on without them. */
const TRIED_BETAS = /"(thinking-token-count-2026-05-13|thinking-display-updates-2026-08-18)"/;

/** The model was sampled as often as the conversation needs, and over the proxy nothing was refused on the way. */
function expectServed(scene: ClaudeScene, way: Way, samples: number): void {
  const sampled = scene.requests.filter(({ route }) => route === "invoke-with-response-stream");
  expect(sampled.filter(({ status }) => status === 200)).toHaveLength(samples);
  const refused = sampled.filter(({ status }) => status !== 200);
  const others = refused.filter(({ bodyText }) => way === "proxy" || !TRIED_BETAS.test(bodyText));
  expect([others.map(({ bodyText }) => bodyText), scene.refusals]).toEqual([[], []]);
}
