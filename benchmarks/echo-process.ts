/**
 * The floor of every call: a bare process that echoes bytes over pipes, with nothing of ours in it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import type { ByteSource } from "../src/protocol/connection.ts";

/** Something that sends back what it gets. */
export interface Echo {
  /** Sends `bytes` bytes ending in a newline and waits until as many have returned. */
  roundTrip(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Echoes over any pair of streams. */
export function echoOver(input: Writable, output: ByteSource, close: () => Promise<void>): Echo {
  let missing = 0;
  let done: (() => void) | undefined;
  output.on("data", (chunk: Buffer) => {
    missing -= chunk.length;
    if (missing <= 0) done?.();
  });
  return {
    roundTrip(bytes) {
      missing = bytes;
      return new Promise((resolve) => {
        done = resolve;
        input.write(`${"x".repeat(bytes - 1)}\n`);
      });
    },
    close,
  };
}

/** Starts a process that echoes its standard input on its standard error. */
export function startEchoProcess(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Echo {
  const child = spawn(command, args, { stdio: ["pipe", "ignore", "pipe"], env });
  return echoOver(child.stdin, child.stderr, () => end(child));
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
