/**
 * Where the operating system wants caches of a user.
 */
import { homedir } from "node:os";
import { join } from "node:path";

/** The project's folder in the user's cache folder: XDG on Linux, `~/Library/Caches`, `%LOCALAPPDATA%`. */
export function defaultCacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  return join(cachesOf(environment, platform, home), "toolscript");
}

function cachesOf(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string {
  if (platform === "win32") return environment["LOCALAPPDATA"] ?? join(home, "AppData", "Local");
  if (platform === "darwin") return join(home, "Library", "Caches");
  const xdg = environment["XDG_CACHE_HOME"];
  return xdg !== undefined && xdg.startsWith("/") ? xdg : join(home, ".cache");
}
