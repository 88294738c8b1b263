/**
 * The keys of a server, from a file, the environment, or both; followed while it runs.
 */
import { type FollowedKeyFile, followKeyFile, readKeyFile } from "../../proxy/access/key-file.ts";
import { createKeyAccess, type KeyAccess } from "../../proxy/access/key-access.ts";
import { checkUnique, type KeyRecord } from "../../proxy/access/key-record.ts";
import { KEYS_VARIABLE, parseEnvironmentKeys } from "../../proxy/access/environment-keys.ts";
import { isToolscriptError, toErrorMessage } from "../../errors.ts";

/** Hears what happens to the keys. */
export type KeysLog = (entry: { readonly event: string; readonly [fact: string]: unknown }) => void;

/** Keys that are followed. */
export interface ServedKeys {
  readonly access: KeyAccess;
  /** Whether keys are configured at all; if not, only this machine is let in. */
  readonly isConfigured: boolean;
  /** Reads the file again, now. */
  reload(): Promise<void>;
  close(): void;
}

/** Reads the keys and follows the file. @throws {ToolscriptError} `invalid-argument` */
export async function openKeys(
  path: string | undefined,
  env: NodeJS.ProcessEnv,
  log: KeysLog,
): Promise<ServedKeys> {
  const fixed = takeFromEnvironment(env);
  const isConfigured = path !== undefined || fixed.length > 0;
  const initial = path === undefined ? [] : await readKeyFile(path);
  const access = createKeyAccess(join(fixed, initial), { opensToLoopback: !isConfigured });
  const file = path === undefined ? undefined : follow(path, fixed, access, log);
  return {
    access,
    isConfigured,
    reload: async () => await file?.reload(),
    close: () => file?.close(),
  };
}

/** No program that is started later finds the keys in its environment. */
function takeFromEnvironment(env: NodeJS.ProcessEnv): readonly KeyRecord[] {
  const value = env[KEYS_VARIABLE] ?? "";
  delete env[KEYS_VARIABLE];
  return value.trim() === "" ? [] : parseEnvironmentKeys(value);
}

function follow(path: string, fixed: readonly KeyRecord[], access: KeyAccess, log: KeysLog): FollowedKeyFile {
  const onError = (error: unknown): void => {
    const reason = isToolscriptError(error) ? error.message : toErrorMessage(error);
    log({ level: "error", event: "keys-not-reloaded", reason, keys: access.size });
  };
  return followKeyFile(path, {
    onError,
    onKeys: (records) => {
      try {
        access.replace(join(fixed, records));
        log({ level: "info", event: "keys-reloaded", keys: access.size });
      } catch (error) {
        onError(error);
      }
    },
  });
}

function join(fixed: readonly KeyRecord[], records: readonly KeyRecord[]): readonly KeyRecord[] {
  const all = [...fixed, ...records];
  checkUnique(all, `keys of the file and of ${KEYS_VARIABLE} together`);
  return all;
}
