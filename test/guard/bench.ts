/**
 * A guard before the real daemon, with a record of what reaches the daemon through it.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Guard, startGuard } from "../../src/sandbox/docker/guard/guard.ts";
import type { GuardLogEntry } from "../../src/sandbox/docker/guard/guard-log.ts";
import type { GuardOptions } from "../../src/sandbox/docker/guard/guard-options.ts";
import { TEST_IMAGE } from "../docker-engine.ts";

const DAEMON_SOCKET = "/var/run/docker.sock";

/** Options of the guard that tests set. */
export type GuardBenchOptions = Pick<
  GuardOptions,
  "maximums" | "unsafeAnyProgram" | "userIds" | "maxLeaseMs" | "reapEveryMs"
>;

/** A guard under test. */
export interface GuardBench {
  /** Path of the guard's socket. */
  readonly socketPath: string;
  /** For the option `host` of the sandbox. */
  readonly host: string;
  readonly guard: Guard;
  readonly log: GuardLogEntry[];
  /** The first line of every request that reached the daemon. */
  readonly reached: string[];
  /** Sends bytes and reads until the guard closes, or has answered completely. */
  exchange(bytes: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

/** Starts a guard in a folder of its own. */
export async function openGuardBench(options: GuardBenchOptions = {}): Promise<GuardBench> {
  const folder = await mkdtemp(join(tmpdir(), "toolscript-guard-"));
  const socketPath = join(folder, "guard.sock");
  const log: GuardLogEntry[] = [];
  const recorder = await startRecorder(join(folder, "daemon.sock"));
  const guard = await startGuard({
    socketPath,
    upstream: recorder.socketPath,
    allowedImages: [TEST_IMAGE],
    ...options,
    log: (entry) => log.push(entry),
  });
  return {
    socketPath,
    host: `unix://${socketPath}`,
    guard,
    log,
    reached: recorder.reached,
    exchange: (bytes) => exchange(socketPath, bytes),
    async close() {
      await guard.close();
      await recorder.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Passes bytes on and writes down the first line of each connection. */
async function startRecorder(socketPath: string) {
  const reached: string[] = [];
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const daemon = connect({ path: DAEMON_SOCKET, allowHalfOpen: true });
    client.once("data", (first: Buffer) => reached.push(first.toString("latin1").split("\r\n", 1)[0] ?? ""));
    for (const [from, to] of [
      [client, daemon],
      [daemon, client],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.once("close", () => open.delete(from));
    }
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    reached,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function exchange(socketPath: string, bytes: string | Buffer): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.write(bytes));
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      answer += text;
      if (isComplete(answer)) socket.destroy();
    });
    socket.once("error", (error) => (answer === "" ? reject(error) : undefined));
    socket.once("close", () => resolve(answer));
  });
}

function isComplete(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(answer) ?? [];
  return end > 0 && length !== undefined && answer.length >= end + 4 + Number(length);
}
