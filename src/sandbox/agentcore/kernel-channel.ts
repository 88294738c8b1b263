/**
 * Exchanges frames with the runner in a remote kernel, one `executeCode` each.
 *
 * Guarantee: exchanges are numbered and an exchange is repeated only as it was, so nothing is delivered or run twice; a
 * kernel that answers what no driver does is refused. Knows the kernel's answers, not what the frames mean.
 */
import { shorten, ToolscriptError } from "../../errors.ts";
import type { CodeOutput } from "./answer/code-output.ts";
import { tooMuch } from "./answer/event-stream.ts";
import {
  type KernelAnswer,
  MAX_ANSWER_DATA_BYTES,
  type NoAnswer,
  readAnswer,
} from "./answer/kernel-answer.ts";
import { type ExchangeRequest, exchangeProgram, installProgram } from "./kernel-program.ts";
import type { RemoteSession } from "./remote-session.ts";

/** Time beyond the kernel's own deadline: the way there and back, and an earlier try that is still running. */
const SLACK_MS = 60_000;

/** Characters beside the driver's answers that a kernel may print while a session lives. */
const MAX_FOREIGN_CHARACTERS = 1024 * 1024;

/** What to deliver. */
export interface Delivery {
  /** Frames, each on its line; the last of several deliveries ends with a whole one. */
  readonly frames: string;
  /** Seconds after which the kernel answers in any case. */
  readonly seconds: number;
  /** The cell to interrupt; 0 for none. */
  readonly interruptedCell: number;
}

/** Exchanges frames. */
export class KernelChannel {
  readonly #remote: RemoteSession;
  readonly #marker: string;
  #sequence = 0;
  #foreignCharacters = 0;

  constructor(remote: RemoteSession, marker: string) {
    this.#remote = remote;
    this.#marker = marker;
  }

  /**
   * Delivers frames and lets the script go on. One at a time.
   *
   * @throws {ToolscriptError} `agentcore-session-lost`, `agentcore-answer`, `sandbox-unavailable`, `protocol-violation`,
   *   `work-limit`, or what the service said
   */
  async exchange(delivery: Delivery, signal: AbortSignal): Promise<KernelAnswer> {
    const answer = await this.#send(delivery, signal);
    if (answer.state === "held") throw violation("it holds a delivery that is complete");
    if (answer.state === "more" && answer.data.length < MAX_ANSWER_DATA_BYTES) {
      throw violation("it has more to tell, and does not tell what it can");
    }
    return answer;
  }

  /** Delivers frames, or a part of one, with which the script goes on at the next exchange. @throws as `exchange` */
  async hold(frames: string, signal: AbortSignal): Promise<void> {
    const { state } = await this.#send({ seconds: 0, frames, held: true }, signal);
    if (state !== "held") throw violation(`it is "${state}" while a delivery is not complete`);
  }

  async #send(request: Omit<ExchangeRequest, "sequence">, signal: AbortSignal): Promise<KernelAnswer> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const program = sequence === 1 ? installProgram : exchangeProgram;
    const answer = await this.#remote.execute(await program(this.#marker, { sequence, ...request }), {
      sequence,
      signal,
      timeoutMs: request.seconds * 1000 + SLACK_MS,
      read: async (output: CodeOutput) =>
        this.#expectAnswer(await readAnswer(output, this.#marker, sequence)),
    });
    this.#foreignCharacters += answer.foreignCharacters;
    if (this.#foreignCharacters > MAX_FOREIGN_CHARACTERS) {
      throw tooMuch(`more than "${MAX_FOREIGN_CHARACTERS}" characters stand beside the driver's answers`);
    }
    return answer;
  }

  #expectAnswer(answer: KernelAnswer | NoAnswer): KernelAnswer {
    if (answer.kind === "answer" && answer.state !== "fault") return answer;
    throw toError(answer, this.#remote.id);
  }
}

function toError(answer: KernelAnswer | NoAnswer, sessionId: string): ToolscriptError {
  const what = `Running a script in AgentCore session "${sessionId}" failed`;
  switch (answer.kind) {
    case "answer":
      return lost(`${what}: ${shorten(answer.data.toString("latin1", 0, 1_000).trim())}`, "out-of-order");
    case "new-kernel":
      return lost(
        `${what}: its interpreter was restarted; variables are gone, open another session`,
        "kernel-restarted",
      );
    case "old-python":
      return new ToolscriptError(
        "sandbox-unavailable",
        `${what}: its Python is "${answer.detail}", wanted "3.9" or newer`,
      );
    case "cut":
      return new ToolscriptError("agentcore-answer", `${what}: the answer was cut off`, {
        data: { reason: "cut" },
      });
    case "foreign":
      return new ToolscriptError("agentcore-answer", `${what}: the answer is not ours: "${answer.detail}"`, {
        data: { reason: "foreign" },
      });
  }
}

function violation(reason: string): ToolscriptError {
  return new ToolscriptError("protocol-violation", `Reading an answer of the runner failed: ${reason}`);
}

function lost(message: string, reason: string): ToolscriptError {
  return new ToolscriptError("agentcore-session-lost", message, { data: { reason } });
}
