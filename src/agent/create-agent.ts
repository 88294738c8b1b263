/**
 * The agent: puts a question to a model that may write scripts over tools, and gives back its answer with figures.
 */
import { isToolscriptError, ToolscriptError } from "../errors.ts";
import type { AgentAnswer, AgentEvent } from "./agent-event.ts";
import { type AgentOptions, resolveAgentOptions } from "./agent-options.ts";
import { createEventQueue } from "./event-queue.ts";
import { Recorder } from "./recorder.ts";
import { runQuestion } from "./run-question.ts";

/** Options of one question. */
export interface QuestionOptions {
  /** Gives up the question: the sample, the script and its tools. */
  readonly signal?: AbortSignal;
}

/** Answers questions. Several may be worked on at once; each has a script session of its own. */
export interface Agent extends AsyncDisposable {
  /**
   * Works on a question until the model has answered or a limit is reached.
   *
   * @throws {ToolscriptError} what the model and the sandbox throw, and `aborted`
   */
  run(question: string, options?: QuestionOptions): Promise<AgentAnswer>;
  /** The same, showing what happens; the last event is `answer`. Leaving the iteration gives up the question. */
  stream(question: string, options?: QuestionOptions): AsyncIterable<AgentEvent>;
  /** Gives up the questions under way and waits for their end. The sandbox stays open. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Creates an agent.
 *
 * @throws {ToolscriptError} `invalid-argument`, `invalid-tool`
 *
 * @example
 * ```ts
 * const agent = createAgent({ model: bedrock("global.anthropic.claude-sonnet-5"), sandbox: wasm(), tools });
 * const { text } = await agent.run("Who exceeded their travel budget?");
 * ```
 */
export function createAgent(options: AgentOptions): Agent {
  const setup = resolveAgentOptions(options);
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  async function start(
    question: string,
    recorder: Recorder,
    given: AbortSignal | undefined,
  ): Promise<AgentAnswer> {
    const signal = given === undefined ? closing.signal : AbortSignal.any([closing.signal, given]);
    const work = runQuestion(setup, question, recorder, signal);
    running.add(work);
    try {
      return await work;
    } catch (thrown) {
      throw toFailure(thrown, signal);
    } finally {
      running.delete(work);
    }
  }

  async function close(): Promise<void> {
    closing.abort(new ToolscriptError("aborted", "The question was given up: the agent was closed"));
    await Promise.allSettled(running);
  }

  return {
    run: (question, { signal } = {}) => start(question, new Recorder(), signal),
    stream: (question, { signal } = {}) =>
      streamAnswer((recorder, leave) => start(question, recorder, leave), signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Starts the work when the reader starts, and gives it up when the reader leaves. */
async function* streamAnswer(
  start: (recorder: Recorder, signal: AbortSignal) => Promise<AgentAnswer>,
  given: AbortSignal | undefined,
): AsyncGenerator<AgentEvent> {
  const left = new AbortController();
  const signal = given === undefined ? left.signal : AbortSignal.any([left.signal, given]);
  const queue = createEventQueue<AgentEvent>();
  const recorder = new Recorder((event) => queue.write(event));
  const work = start(recorder, signal).then(
    (answer) => {
      queue.write({ type: "answer", atMs: recorder.atMs, answer });
      queue.end();
    },
    (error: Error) => queue.end(error),
  );
  try {
    yield* queue.read();
  } finally {
    left.abort();
    await work;
  }
}

/** After an abort everything that was under way fails in its own words; the caller gets one. */
function toFailure(thrown: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || isToolscriptError(thrown, "aborted")) return thrown;
  if (isToolscriptError(signal.reason, "aborted")) return signal.reason;
  return new ToolscriptError("aborted", "The question was given up: its signal was aborted", {
    cause: thrown,
  });
}
