/**
 * Claude Code and its Agent SDK, fetched by the npm client into the user's cache folder: programs to test with, never
 * dependencies. Nothing of them runs while they are installed.
 */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The newest version that is tried. */
export const NEWEST_CLAUDE_CODE = "2.1.332";
/** One from before requests had messages of the system in the middle of every conversation's start. */
export const OLD_CLAUDE_CODE = "2.1.156";
/** The Agent SDK that belongs to the newest version. */
export const AGENT_SDK = "0.3.332";

const cacheFolder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "toolscript-tests");

/** Path of the program; installed if it is not there. @throws when there is no npm or no registry */
export async function prepareClaudeCode(version: string): Promise<string> {
  const folder = await install(`claude-code-${version}`, [`@anthropic-ai/claude-code@${version}`]);
  const platform = `${process.platform}-${process.arch}`;
  return join(folder, "node_modules", "@anthropic-ai", `claude-code-${platform}`, "claude");
}

/** Folder with the SDK in its `node_modules`; it brings no program of its own. */
export async function prepareAgentSdk(): Promise<string> {
  const packages = [`@anthropic-ai/claude-agent-sdk@${AGENT_SDK}`, "zod@4"];
  return await install(`claude-agent-sdk-${AGENT_SDK}`, packages, ["--omit=optional"]);
}

async function install(
  name: string,
  packages: readonly string[],
  more: readonly string[] = [],
): Promise<string> {
  const folder = join(cacheFolder, name);
  if (await exists(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  const making = await mkdtemp(`${folder}-`);
  try {
    await writeFile(join(making, "package.json"), JSON.stringify({ private: true }));
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["install", ...flags, ...more, ...packages], { cwd: making, env: withoutNpm() });
    // Another test file may have made it meanwhile; either will do.
    await rename(making, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return folder;
}

/** Nothing of the npm run that the tests are part of, but for where its packages come from. */
function withoutNpm(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_|INIT_CWD$)/.test(name) ||
      /^npm_config_(registry|userconfig|globalconfig|cache|cafile|.*proxy)$/i.test(name),
  );
  return Object.fromEntries(kept);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
