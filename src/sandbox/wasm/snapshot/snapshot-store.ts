/**
 * Keeps the snapshot: finds it in the user's cache folder, or builds it and puts it there.
 *
 * | state of the cache | what happens |
 * |---|---|
 * | a good snapshot | it is used, after one check of its SHA-256 in each process |
 * | none, or one that is damaged, truncated, unreadable or another user's | it is built and replaced |
 * | another process builds at the same time | both build, the last rename wins, both files are good |
 * | the folder cannot be written, or others can write to it | the snapshot goes to a private folder among the temporary files, for this process |
 * | that cannot be written either | sessions start without a snapshot, which takes seconds each |
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { toErrorMessage } from "../../../errors.ts";
import { buildSnapshot } from "./build-snapshot.ts";
import type { Programs } from "../programs.ts";
import type { WallMode } from "../wall/plan-wall.ts";
import { checkFolder } from "./own-files.ts";
import { isGoodSnapshot, writeSnapshot } from "./snapshot-file.ts";
import { snapshotKey } from "./snapshot-key.ts";

const SUFFIX = ".pysnapshot";

/** Snapshots that stay in the folder, the last used ones; each has some 30 MB. */
const KEPT_SNAPSHOTS = 4;

/** A file that was to be renamed and is older than this was left behind by a process that was killed. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/** What a snapshot is made from, and where it is kept. */
export interface SnapshotStoreOptions {
  readonly programs: Programs;
  readonly bootMessage: Uint8Array;
  readonly cacheFolder: string;
  readonly wallMode: WallMode;
  /** Builds a snapshot. @default {@link buildSnapshot} */
  readonly build?: (programs: Programs, bootMessage: Uint8Array, wallMode: WallMode) => Promise<Uint8Array>;
}

/** A store of one snapshot. */
export interface SnapshotStore {
  /**
   * Path of a good snapshot, or undefined when none can be kept anywhere. Calls at the same time share one build.
   *
   * @throws {ToolscriptError} `sandbox-unavailable`, `sandbox-timeout` when the build fails
   */
  acquire(): Promise<string | undefined>;
  /** Removes what this process alone used. */
  close(): Promise<void>;
}

/** Creates a store. */
export function createSnapshotStore(options: SnapshotStoreOptions): SnapshotStore {
  const { build = buildSnapshot } = options;
  let running: Promise<string | undefined> | undefined;
  let privateFolder: string | undefined;

  async function find(): Promise<string | undefined> {
    const name = (await snapshotKey(options.programs, options.bootMessage)) + SUFFIX;
    const folder = await openCache(options.cacheFolder);
    const path = folder === undefined ? undefined : join(folder, name);
    if (path !== undefined && (await isGoodSnapshot(path))) {
      await touch(path);
      return path;
    }
    const snapshot = await build(options.programs, options.bootMessage, options.wallMode);
    const kept = path === undefined ? undefined : await keepInCache(path, snapshot);
    if (kept !== undefined) return kept;
    const own = await keepPrivately(snapshot);
    privateFolder = own === undefined ? undefined : dirname(own);
    return own;
  }

  return {
    async acquire() {
      running ??= find();
      try {
        const path = await running;
        if (path === undefined || (await exists(path))) return path;
        running = find(); // somebody emptied the cache under a running process
        return await running;
      } catch (error) {
        running = undefined;
        throw error;
      }
    },
    async close() {
      running = undefined;
      if (privateFolder !== undefined) await rm(privateFolder, { recursive: true, force: true });
      privateFolder = undefined;
    },
  };
}

/** Where the cache really is; undefined when nothing can be kept there, or nothing that is there can be trusted. */
async function openCache(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const trust = await checkFolder(folder);
    if ("path" in trust) return trust.path;
    const { distrusted } = trust;
    warn(
      `The snapshot of Python is built for this process alone, as others could change it in "${folder}": ${distrusted}`,
    );
  } catch (error) {
    warn(`The snapshot of Python cannot be kept in "${folder}": ${toErrorMessage(error)}`);
  }
  return undefined;
}

async function keepInCache(path: string, snapshot: Uint8Array): Promise<string | undefined> {
  const folder = dirname(path);
  try {
    await writeSnapshot(path, snapshot);
  } catch (error) {
    if (await isGoodSnapshot(path)) return path; // another process was faster and holds the file open
    warn(`The snapshot of Python cannot be kept in "${folder}": ${toErrorMessage(error)}`);
    return undefined;
  }
  await removeStale(folder);
  return path;
}

/** In a folder that only this user can look into, for this process alone. */
async function keepPrivately(snapshot: Uint8Array): Promise<string | undefined> {
  try {
    const folder = await mkdtemp(join(tmpdir(), "toolscript-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const trust = await checkFolder(folder);
    if ("distrusted" in trust) throw new Error(trust.distrusted);
    const path = join(trust.path, `private${SUFFIX}`);
    await writeSnapshot(path, snapshot);
    return path;
  } catch (error) {
    warn(`Sessions will start slowly, without a snapshot of Python: ${toErrorMessage(error)}`);
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Marks a snapshot as used. In a folder that cannot be written nothing is ever removed either. */
async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}

/** A file that another process removes or renames at the same time is no failure. */
async function removeStale(folder: string): Promise<void> {
  const ours = (await readdir(folder)).filter((name) => name.includes(SUFFIX));
  const files = await Promise.all(ours.map(async (name) => describe(join(folder, name))));
  const found = files.filter((file) => file !== undefined);
  const finished = found.filter((file) => file.path.endsWith(SUFFIX));
  const oldest = finished.toSorted((a, b) => b.usedMs - a.usedMs).slice(KEPT_SNAPSHOTS);
  const abandoned = found.filter(
    (file) => !file.path.endsWith(SUFFIX) && file.usedMs < Date.now() - ABANDONED_AFTER_MS,
  );
  for (const { path } of [...oldest, ...abandoned]) await rm(path, { force: true });
}

async function describe(path: string): Promise<{ path: string; usedMs: number } | undefined> {
  const status = await stat(path).catch(() => undefined);
  return status && { path, usedMs: status.mtimeMs };
}

function warn(message: string): void {
  process.emitWarning(message, { type: "ToolscriptWarning" });
}
