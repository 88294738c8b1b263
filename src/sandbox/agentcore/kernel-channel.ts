/**
 * Exchanges frames with the runner in a remote kernel, one `executeCode` each.
 *
 * Guarantee: exchanges are numbered and an exchange is repeated only as it was, so nothing is delivered or run twice; what
 * does not fit into one request is delivered in parts. Knows the kernel's answers, not what the frames mean.
 */
import { ToolscriptError } from "../../errors.ts";
import type { CodeOutput, KernelAnswer, NoAnswer } from "./kernel-answer.ts";
import { readAnswer } from "./kernel-answer.ts";
import { type ExchangeRequest, exchangeProgram, installProgram } from "./kernel-program.ts";
import type { RemoteSession } from "./remote-session.ts";

/** Time beyond the kernel's own deadline: the way there and back, and an earlier try that is still running. */
const SLACK_MS = 60_000;

/** Characters of frames in one request; AgentCore takes 100 MB, and base64 adds a third to what does not shrink. */
const MAX_DELIVERY_CHARACTERS = 64 * 1024 * 1024;

/** What to deliver. */
export interface Delivery {
  /** Frames, each a line with its newline. */
  readonly lines: readonly string[];
  /** Seconds after which the kernel answers in any case. */
  readonly seconds: number;
  /** The cell to interrupt; 0 for none. */
  readonly interruptedCell: number;
}

/** Exchanges frames. */
export class KernelChannel {
  readonly #remote: RemoteSession;
  readonly #marker: string;
  readonly #maxDeliveryCharacters: number;
  #sequence = 0;

  constructor(
    remote: RemoteSession,
    marker: string,
    maxDeliveryCharacters: number = MAX_DELIVERY_CHARACTERS,
  ) {
    this.#remote = remote;
    this.#marker = marker;
    this.#maxDeliveryCharacters = maxDeliveryCharacters;
  }

  /**
   * Delivers frames and lets the script go on. One at a time.
   *
   * @throws {ToolscriptError} `agentcore-session-lost`, `agentcore-answer`, `sandbox-unavailable`, or what the service said
   */
  async exchange({ lines, seconds, interruptedCell }: Delivery, signal: AbortSignal): Promise<KernelAnswer> {
    const parts = toParts(lines, this.#maxDeliveryCharacters);
    for (const frames of parts.slice(0, -1)) await this.#send({ seconds: 0, frames, held: true }, signal);
    return await this.#send({ seconds, frames: parts.at(-1) ?? "", interruptedCell }, signal);
  }

  async #send(request: Omit<ExchangeRequest, "sequence">, signal: AbortSignal): Promise<KernelAnswer> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const program = sequence === 1 ? installProgram : exchangeProgram;
    return await this.#remote.execute(program(this.#marker, { sequence, ...request }), {
      sequence,
      signal,
      timeoutMs: request.seconds * 1000 + SLACK_MS,
      read: (output: CodeOutput) => this.#expectAnswer(readAnswer(output, this.#marker, sequence)),
    });
  }

  #expectAnswer(answer: KernelAnswer | NoAnswer): KernelAnswer {
    if (answer.kind === "answer" && answer.state !== "fault") return answer;
    throw toError(answer, this.#remote.id);
  }
}

function toParts(lines: readonly string[], maxCharacters: number): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  let size = 0;
  for (const line of lines) {
    if (size > 0 && size + line.length > maxCharacters) {
      parts.push(part.join(""));
      [part, size] = [[], 0];
    }
    part.push(line);
    size += line.length;
  }
  return [...parts, part.join("")];
}

function toError(answer: KernelAnswer | NoAnswer, sessionId: string): ToolscriptError {
  const what = `Running a script in AgentCore session "${sessionId}" failed`;
  switch (answer.kind) {
    case "answer":
      return lost(`${what}: ${answer.text.trim()}`, "out-of-order");
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

function lost(message: string, reason: string): ToolscriptError {
  return new ToolscriptError("agentcore-session-lost", message, { data: { reason } });
}
