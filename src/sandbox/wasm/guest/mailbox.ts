/**
 * The bytes that travel from the thread which reads standard input to the thread which runs Python, over shared
 * memory: one writer, one reader, both may block.
 *
 * Guarantees: bytes arrive in order and once; a reader that waits is woken by bytes, by an interrupt and by the end;
 * the memory that is touched stays as small as the backlog, because the writer goes back to the start whenever the
 * reader has caught up. It knows nothing of frames.
 */

/** Words of the control block. */
const AVAILABLE = 0;
const START = 1;
const INTERRUPT = 2;
const ENDED = 3;
const BELL = 4;
const SPACE_BELL = 5;
const WRITER_WAITS = 6;
const CONTROL_BYTES = 64;

/** Bytes that may wait for the reader. Only what was ever in use at once takes real memory. */
export const DEFAULT_MAILBOX_BYTES = 64 * 1024 * 1024;

/** Pause between two questions of a writer that waits for space. */
const ASK_WHILE_FULL_MS = 500;

/** What a read found. */
export type ReadOutcome = number | "interrupted" | "ended";

/** The reader's end. */
export interface MailboxReader {
  /**
   * Copies waiting bytes into `target`, waiting at most `timeoutMs` (may be `Infinity`) for the first.
   *
   * @returns the count of bytes, 0 when the time passed, `interrupted` when an interrupt is due, or `ended`
   */
  read(target: Uint8Array, timeoutMs: number): ReadOutcome;
  /** Waits `timeoutMs`, or less when an interrupt is due (then true) or the mailbox is closed. */
  sleep(timeoutMs: number): boolean;
  /** Whether an interrupt is due; asking takes it. */
  takeInterrupt(): boolean;
  /** Whether the writer has closed the mailbox. Bytes may still wait. */
  hasEnded(): boolean;
}

/** The writer's end. */
export interface MailboxWriter {
  /** Puts bytes in, waiting for space as long as it takes. */
  write(bytes: Uint8Array): void;
  /** Makes an interrupt due and wakes the reader. */
  interrupt(): void;
  /** No more bytes will come. */
  end(): void;
}

/** Makes the shared memory of a mailbox. */
export function createMailbox(sizeBytes: number = DEFAULT_MAILBOX_BYTES): SharedArrayBuffer {
  return new SharedArrayBuffer(CONTROL_BYTES + sizeBytes);
}

/** Opens the reader's end. There must be only one. */
export function openMailboxReader(memory: SharedArrayBuffer): MailboxReader {
  const control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
  const data = new Uint8Array(memory, CONTROL_BYTES);

  function take(target: Uint8Array, available: number): number {
    const start = Atomics.load(control, START);
    const count = Math.min(available, target.length, data.length - start);
    target.set(data.subarray(start, start + count));
    // The start moves before the count shrinks: at a count of 0 the start belongs to the writer.
    Atomics.store(control, START, (start + count) % data.length);
    Atomics.sub(control, AVAILABLE, count);
    if (Atomics.exchange(control, WRITER_WAITS, 0) === 1) ring(control, SPACE_BELL);
    return count;
  }

  return {
    read(target, timeoutMs) {
      const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
      for (;;) {
        const bell = Atomics.load(control, BELL);
        if (Atomics.load(control, INTERRUPT) !== 0) return "interrupted";
        const available = Atomics.load(control, AVAILABLE);
        if (available > 0) return take(target, available);
        if (Atomics.load(control, ENDED) !== 0) return "ended";
        const restMs = timeoutMs === 0 ? 0 : deadline - performance.now();
        if (restMs <= 0) return 0;
        Atomics.wait(control, BELL, bell, restMs);
      }
    },
    sleep(timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const bell = Atomics.load(control, BELL);
        if (Atomics.load(control, INTERRUPT) !== 0) return true;
        const restMs = deadline - performance.now();
        if (restMs <= 0 || Atomics.load(control, ENDED) !== 0) return false;
        Atomics.wait(control, BELL, bell, restMs);
      }
    },
    takeInterrupt: () => Atomics.exchange(control, INTERRUPT, 0) !== 0,
    hasEnded: () => Atomics.load(control, ENDED) !== 0,
  };
}

/**
 * Opens the writer's end. There must be only one.
 *
 * @param whileFull called now and then while the writer waits for space
 */
export function openMailboxWriter(
  memory: SharedArrayBuffer,
  whileFull: () => void = () => {},
): MailboxWriter {
  const control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
  const data = new Uint8Array(memory, CONTROL_BYTES);
  let position = 0;

  function waitForSpace(): number {
    for (;;) {
      const bell = Atomics.load(control, SPACE_BELL);
      Atomics.store(control, WRITER_WAITS, 1);
      const available = Atomics.load(control, AVAILABLE);
      if (available < data.length) {
        Atomics.store(control, WRITER_WAITS, 0);
        return available;
      }
      if (Atomics.wait(control, SPACE_BELL, bell, ASK_WHILE_FULL_MS) === "timed-out") whileFull();
    }
  }

  function put(bytes: Uint8Array): number {
    let available = Atomics.load(control, AVAILABLE);
    if (available === data.length) available = waitForSpace();
    if (available === 0) {
      position = 0;
      Atomics.store(control, START, 0);
    }
    const count = Math.min(bytes.length, data.length - available, data.length - position);
    data.set(bytes.subarray(0, count), position);
    position = (position + count) % data.length;
    Atomics.add(control, AVAILABLE, count);
    ring(control, BELL);
    return count;
  }

  return {
    write(bytes) {
      for (let done = 0; done < bytes.length;) done += put(bytes.subarray(done));
    },
    interrupt() {
      Atomics.store(control, INTERRUPT, 1);
      ring(control, BELL);
    },
    end() {
      Atomics.store(control, ENDED, 1);
      ring(control, BELL);
    },
  };
}

/** Changes a word that another thread waits on, and wakes that thread. */
function ring(control: Int32Array, word: number): void {
  Atomics.add(control, word, 1);
  Atomics.notify(control, word);
}
