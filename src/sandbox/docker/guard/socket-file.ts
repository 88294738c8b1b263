/**
 * The socket that the guard listens on.
 *
 * Guarantee: at no moment can a user open it whom its rights keep out. It is made in a folder that only this process
 * can enter, gets its owner and rights there, and is then moved to its place.
 */
import { chmod, chown, lstat, mkdtemp, rename, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { ToolscriptError, toErrorMessage } from "../../../errors.ts";
import type { GuardSettings } from "./guard-options.ts";

/** Listens. @throws {ToolscriptError} `invalid-argument` when the place is taken or cannot be written */
export async function listenOnSocketFile(server: Server, settings: GuardSettings): Promise<void> {
  const { socketPath, mode, uid, gid } = settings;
  await refuseTakenPlace(socketPath);
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(dirname(socketPath), ".g"));
    const path = join(folder, "s");
    await listen(server, path);
    await chmod(path, mode);
    if (uid !== undefined || gid !== undefined) await chown(path, uid ?? -1, gid ?? -1);
    await rename(path, socketPath);
  } catch (error) {
    server.close();
    throw cannotListen(socketPath, toErrorMessage(error), error);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** A socket that nobody listens on was left by a guard that was killed; anything else stays. */
async function refuseTakenPlace(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw cannotListen(path, "there is something else at this place");
  if (await answers(path)) throw cannotListen(path, "another process listens there");
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Whoever may not open it does not know; then it is somebody else's.
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}

function cannotListen(path: string, reason: string, cause?: unknown): ToolscriptError {
  const text = `Starting the guard failed: it cannot listen on "${path}": ${reason}; name another path or remove what is there`;
  return new ToolscriptError("invalid-argument", text, { cause });
}
