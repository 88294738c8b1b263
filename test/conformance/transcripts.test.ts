import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { JsonValue } from "../../src/protocol/frames.ts";
import type { ScriptRun } from "../../src/script/script-run.ts";
import { openScriptSession, type ScriptSession } from "../../src/script/script-session.ts";
import { declareTool } from "../../src/tools/declare-tool.ts";
import type { Tool } from "../../src/tools/tool.ts";
import { createWireSandbox, type WireSandbox } from "../fixtures/wire-sandbox.ts";

type Frame = Record<string, unknown> & { readonly type: string };

interface Step {
  readonly from: "host" | "runner";
  readonly frame: Frame;
}

interface Transcript {
  readonly file: string;
  readonly shows: string;
  readonly steps: readonly Step[];
}

const transcripts = globSync("test/conformance/transcripts/*.jsonl").toSorted().map(readTranscript);

function readTranscript(file: string): Transcript {
  const [head, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  const { shows } = JSON.parse(head ?? "") as { shows: string };
  return { file: basename(file), shows, steps: lines.map((line) => JSON.parse(line) as Step) };
}

/** The host's frames that a script session decides on; `hello` and `exit` belong to the sandbox. */
function sessionFrames(frames: readonly Frame[]): Frame[] {
  return frames.filter((frame) => frame.type !== "hello" && frame.type !== "exit");
}

function toTool({ name, parameters }: { name: string; parameters: string[] }): Promise<Tool> {
  return declareTool({
    name,
    description: "",
    inputSchema: { type: "object", properties: Object.fromEntries(parameters.map((each) => [each, {}])) },
    allowedCallers: ["programmatic"],
  });
}

/** Plays the runner's side and has the session do what the host did. */
class Replay {
  readonly #wire: WireSandbox = createWireSandbox();
  readonly #steps: readonly Step[];
  #session: ScriptSession | undefined;
  #run: ScriptRun | undefined;

  constructor(transcript: Transcript) {
    this.#steps = transcript.steps;
  }

  async play(): Promise<readonly Frame[]> {
    for (const { from, frame } of this.#steps) {
      if (from === "host") await this.#act(frame);
      else if (frame.type !== "hello") this.#wire.say(frame);
      if (frame.type === "done") await this.#run?.result;
    }
    await this.#session?.close();
    return sessionFrames(this.#wire.received as readonly Frame[]);
  }

  async #act(frame: Frame): Promise<void> {
    if (frame.type === "tools") {
      (await this.#open()).setTools(await Promise.all((frame["tools"] as never[]).map(toTool)));
    }
    if (frame.type === "run") this.#run = (await this.#open()).run(String(frame["code"]));
    if (frame.type === "result") {
      await this.#answer((run) => run.resolve(Number(frame["id"]), frame["value"] as JsonValue));
    }
    if (frame.type === "error") {
      const { id, message, kind } = frame;
      await this.#answer((run) => run.reject(Number(id), String(message), kind as "tool" | "timeout"));
    }
  }

  /** The call may still be on its way to the session. */
  async #answer(answer: (run: ScriptRun) => void): Promise<void> {
    const run = this.#run;
    if (run === undefined) throw new Error("an answer comes before any cell");
    await vi.waitFor(() => answer(run), { interval: 1 });
  }

  async #open(): Promise<ScriptSession> {
    const limits = this.#steps.find(({ frame }) => frame.type === "run")?.frame["limits"] as object;
    this.#session ??= await openScriptSession({ sandbox: this.#wire.sandbox, limits });
    return this.#session;
  }
}

describe("openScriptSession() against the golden transcripts [frames.golden]", () => {
  test("there are at least fifteen", () => {
    expect(transcripts.length).toBeGreaterThanOrEqual(15);
  });

  test.each(transcripts)("$file: $shows", async (transcript) => {
    const host = transcript.steps.filter((step) => step.from === "host").map((step) => step.frame);
    expect(await new Replay(transcript).play()).toEqual(sessionFrames(host));
  });
});
