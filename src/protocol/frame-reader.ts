/**
 * Bytes of the runner to frames, in shares of a turn: small frames are read as they come, a large one piece by piece.
 *
 * Guarantees: every frame is valid and in its order, the greeting first. It waits for nothing but its turn.
 */
import { ToolscriptError } from "../errors.ts";
import { TurnShare } from "../turn-share.ts";
import { decodeFrame, decodeLargeFrame, MAX_QUICK_BYTES } from "./codec.ts";
import { PROTOCOL_VERSION, type RunnerFrame } from "./frames.ts";
import { MarkedLines } from "./marked-lines.ts";

/** Lines, and bytes of them, that are read before the share of the turn is looked at. */
const LINES_A_LOOK = 64;
const BYTES_A_LOOK = MAX_QUICK_BYTES;

/** Frames that were read together. */
export interface FrameBatch {
  readonly frames: readonly RunnerFrame[];
  /** Bytes that they were made of. */
  readonly bytes: number;
  /** Whether the read is used up; if not, `readRest` goes on. */
  readonly isUsedUp: boolean;
}

/** Reads the frames of one runner. Methods throw {@link ToolscriptError}; after that the runner cannot be read on. */
export class FrameReader {
  readonly #marker: string;
  readonly #lines: MarkedLines;
  /** The last `blocked` as it came and as it was read: a script that makes one call after another repeats it. */
  #blockedText: string | undefined;
  #blocked: RunnerFrame | undefined;
  #python: string | undefined;
  #isAtLargeFrame = false;

  constructor(marker: string, maxFrameBytes: number) {
    this.#marker = marker;
    this.#lines = new MarkedLines(this.#marker, maxFrameBytes);
  }

  /** Version of the runner's Python, once it has greeted. */
  get python(): string | undefined {
    return this.#python;
  }

  /** The last of what came without the marker. */
  noise(): string {
    return this.#lines.noise();
  }

  /** Takes one read and reads as much of it as may be read in this turn. The one before it must be used up. */
  read(bytes: Buffer): FrameBatch {
    this.#lines.push(bytes);
    return this.#readOn();
  }

  /** Goes on with a read that is not used up, in another turn or with its large frame. */
  async readRest(share: TurnShare): Promise<FrameBatch> {
    if (!this.#isAtLargeFrame) {
      await share.yieldTurn();
      return this.#readOn();
    }
    this.#isAtLargeFrame = false;
    const line = this.#lines.bytes();
    const frame = this.#accept(await decodeLargeFrame(line, share));
    return { frames: frame === undefined ? [] : [frame], bytes: line.length, isUsedUp: false };
  }

  #readOn(): FrameBatch {
    const frames: RunnerFrame[] = [];
    let count = 0;
    let bytes = 0;
    let lookAtBytes = BYTES_A_LOOK;
    while (this.#lines.next()) {
      const { lineBytes } = this.#lines;
      this.#isAtLargeFrame = lineBytes > MAX_QUICK_BYTES;
      if (this.#isAtLargeFrame) return { frames, bytes, isUsedUp: false };
      const frame = this.#accept(this.#decode());
      if (frame !== undefined) frames.push(frame);
      count += 1;
      bytes += lineBytes;
      if (count % LINES_A_LOOK === 0 || bytes >= lookAtBytes) {
        lookAtBytes = bytes + BYTES_A_LOOK;
        if (new TurnShare().due) return { frames, bytes, isUsedUp: false };
      }
    }
    return { frames, bytes, isUsedUp: true };
  }

  #decode(): RunnerFrame {
    const text = this.#lines.text();
    if (text === this.#blockedText && this.#blocked !== undefined) return this.#blocked;
    const frame = decodeFrame(text);
    if (frame.type === "blocked") {
      this.#blockedText = text;
      this.#blocked = frame;
    }
    return frame;
  }

  /** A frame that fits now; undefined for the greeting. */
  #accept(frame: RunnerFrame): RunnerFrame | undefined {
    if ((this.#python === undefined) !== (frame.type === "hello")) throw unexpectedFrame(frame.type);
    if (frame.type !== "hello") return frame;
    if (frame.version !== PROTOCOL_VERSION) throw wrongVersion(frame.version);
    this.#python = frame.python;
    return undefined;
  }
}

function unexpectedFrame(type: string): ToolscriptError {
  return new ToolscriptError(
    "protocol-violation",
    `Reading a frame of the runner failed: "${type}" is out of order`,
  );
}

function wrongVersion(version: number): ToolscriptError {
  return new ToolscriptError(
    "protocol-version",
    `Greeting the runner failed: it speaks protocol version "${version}", wanted "${PROTOCOL_VERSION}"`,
  );
}
