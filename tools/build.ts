/**
 * Builds the publishable package into `dist/` and proves that it works as a stranger would get it.
 *
 * The tree below `dist/` mirrors the repository (`dist/src`, `dist/runner` …), so that a path relative to a module is the
 * same in the source and in the package. Ends with a non-zero exit code when any step finds a problem.
 */
import { chmod, cp, readdir, readFile, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { repositoryRoot, runProgram, withTemporaryFolder } from "./steps.ts";
import { readManifest, verifyPackage } from "./verify-package.ts";

const DIST = join(repositoryRoot, "dist");

/** Files beside the TypeScript that a program reads at run time; `tsc` does not copy them. */
const ASSET_EXTENSIONS = new Set([".html", ".js", ".json", ".mjs", ".py", ".sql", ".txt"]);

/** Folders of the runner that are only for its own tests. */
const RUNNER_LEFT_OUT = new Set(["__pycache__", "golden", "tests"]);

await build();

async function build(): Promise<void> {
  const startedAt = performance.now();
  await rm(DIST, { recursive: true, force: true });
  await runProgram("tsc", ["-p", "tsconfig.build.json"]);
  await copyAssets("src");
  await copyAssets("examples/expense-auditor");
  await copyRunner();
  await makeBinaryExecutable();
  await withTemporaryFolder("toolscript-pack-", verifyPackage);
  console.log(`Built and verified in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

async function copyAssets(folder: string): Promise<void> {
  const source = join(repositoryRoot, folder);
  await cp(source, join(DIST, folder), {
    recursive: true,
    filter: (path) =>
      !path.includes(".test.") && (extname(path) === "" || ASSET_EXTENSIONS.has(extname(path))),
  });
}

async function copyRunner(): Promise<void> {
  await cp(join(repositoryRoot, "runner"), join(DIST, "runner"), {
    recursive: true,
    filter: (path) => !path.split(/[\\/]/).some((part) => RUNNER_LEFT_OUT.has(part)),
  });
  const files = await readdir(join(DIST, "runner"), { recursive: true });
  if (!files.some((file) => file.endsWith(".py"))) {
    throw new Error('The folder "runner" holds no Python file');
  }
}

/** npm sets the bit when it links a binary; whoever runs the file by its path needs it as well. */
async function makeBinaryExecutable(): Promise<void> {
  const file = join(repositoryRoot, (await readManifest(repositoryRoot)).bin.toolscript);
  if (!(await readFile(file, "utf8")).startsWith("#!")) throw new Error(`"${file}" does not begin with "#!"`);
  await chmod(file, 0o755);
}
