/**
 * The thread that reads standard input, so that Python may block or compute on the other one and still be reached.
 *
 * Every byte goes to the mailbox, but the byte 0x03: it asks for an interrupt. JSON never contains it, so it can stand
 * anywhere in the stream, and it passes a backlog of frames.
 */
import { deno } from "./deno.ts";
import { type MailboxWriter, openMailboxWriter } from "./mailbox.ts";

const INTERRUPT_BYTE = 0x03;
const READ_BYTES = 64 * 1024;

/** Time that Python's thread has to notice the end of input. */
const END_GRACE_MS = 250;

const thread = globalThis as unknown as {
  onmessage: (event: { data: SharedArrayBuffer }) => void;
  postMessage(message: string): void;
};

thread.onmessage = (event) => {
  const hostPid = deno.ppid;
  // As long as the other thread takes nothing, this one reads nothing, and would not see the end of standard input.
  const mailbox = openMailboxWriter(event.data, () => {
    if (deno.ppid !== hostPid) endProcess();
  });
  thread.postMessage("started");
  pump(mailbox);
};

function pump(mailbox: MailboxWriter): void {
  const buffer = new Uint8Array(READ_BYTES);
  for (;;) {
    const count = readOrEnd(buffer);
    if (count === 0) break;
    forward(mailbox, buffer.subarray(0, count));
  }
  mailbox.end();
  endProcess();
}

/**
 * Ends the process when the other thread does not. That thread looks at the end of input often, but never while it is
 * in one long operation (`sum(range(10**12))`). Deno lets a program signal itself, and nobody else, without permission.
 */
function endProcess(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, END_GRACE_MS);
  deno.kill(deno.pid, "SIGKILL");
}

/** A broken input is an ended one. */
function readOrEnd(buffer: Uint8Array): number {
  try {
    return deno.stdin.readSync(buffer) ?? 0;
  } catch {
    return 0;
  }
}

function forward(mailbox: MailboxWriter, bytes: Uint8Array): void {
  let start = 0;
  for (;;) {
    const at = bytes.indexOf(INTERRUPT_BYTE, start);
    mailbox.write(bytes.subarray(start, at === -1 ? bytes.length : at));
    if (at === -1) return;
    mailbox.interrupt();
    start = at + 1;
  }
}
