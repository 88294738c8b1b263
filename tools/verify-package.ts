/**
 * Checks the packed tarball: `publint` and `attw` find nothing, and a project that installs it can import every
 * subpath, with types, and run a script in the embedded sandbox.
 *
 * The install needs no network: the tarball is unpacked into a fresh project in which only the declared dependencies
 * can be found, so that an import of something undeclared fails here and not at a user's.
 */
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { repositoryRoot, runProgram } from "./steps.ts";

/** The parts of `package.json` that the build reads. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: { readonly toolscript: string };
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Reads a folder's `package.json`. */
export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Packs the repository into `folder` and checks what came out. @throws when a check finds a problem */
export async function verifyPackage(folder: string): Promise<void> {
  const manifest = await readManifest(repositoryRoot);
  const tarball = await pack(folder);
  await runProgram("publint", ["run", tarball, "--strict"], { capture: true });
  await runProgram("attw", [tarball, "--profile", "esm-only", "--no-definitely-typed"], { capture: true });
  await install(tarball, manifest, folder);
  await importEverySubpath(manifest, folder);
  await checkTypes(manifest, folder);
  await runCommand(manifest, folder);
  await checkInThread(manifest, folder);
}

async function pack(folder: string): Promise<string> {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const packed = JSON.parse(await runProgram("npm", args, { capture: true })) as [{ filename: string }];
  return join(folder, packed[0].filename);
}

async function install(tarball: string, manifest: Manifest, folder: string): Promise<void> {
  const target = join(folder, "node_modules", manifest.name);
  await mkdir(target, { recursive: true });
  await runProgram("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  const { dependencies, optionalDependencies, peerDependencies } = manifest;
  const wanted = { ...dependencies, ...optionalDependencies, ...peerDependencies, "@types/node": "*" };
  for (const name of Object.keys(wanted)) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(repositoryRoot, "node_modules", name), link, "dir");
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
}

function listSpecifiers(manifest: Manifest): string[] {
  return Object.keys(manifest.exports)
    .filter((subpath) => !subpath.endsWith(".json"))
    .map((subpath) => `${manifest.name}${subpath.slice(1)}`);
}

async function importEverySubpath(manifest: Manifest, folder: string): Promise<void> {
  const script = `
    for (const specifier of ${JSON.stringify(listSpecifiers(manifest))}) {
      const names = Object.keys(await import(specifier));
      if (names.length === 0) throw new Error(\`"\${specifier}" exports nothing\`);
      console.log(\`  \${specifier}: \${names.join(", ")}\`);
    }`;
  await writeFile(join(folder, "import-all.js"), script);
  await runProgram("node", ["import-all.js"], { cwd: folder });
}

/** Under `strict`, an import without type declarations is an error. */
async function checkTypes(manifest: Manifest, folder: string): Promise<void> {
  const imports = listSpecifiers(manifest).map((name, i) => `import * as m${i} from "${name}";\nvoid m${i};`);
  await writeFile(join(folder, "consumer.ts"), imports.join("\n"));
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2024", "--module", "nodenext"];
  await runProgram("tsc", [...flags, "--types", "node", "consumer.ts"], { cwd: folder });
}

/** The command starts, and the sandbox finds its files where the package has them. */
async function runCommand(manifest: Manifest, folder: string): Promise<void> {
  const command = join(folder, "node_modules", manifest.name, manifest.bin.toolscript);
  await expectOutput(command, ["--version"], folder, manifest.version);
  await writeFile(join(folder, "script.py"), "print(6 * 7)\n");
  await expectOutput(command, ["exec", "script.py"], folder, "42");
}

/** A check that is not made in the loop finds the program of its thread where the package has it. */
async function checkInThread(manifest: Manifest, folder: string): Promise<void> {
  const script = `
    import { tool } from "${manifest.name}";
    const input = { properties: { a: { type: "string", pattern: "^(a|a)+$" } } };
    const subject = tool({ name: "near", description: "", input, execute: () => null });
    const parsed = await subject.parseInput({ a: "a".repeat(30) });
    if (!parsed.ok) throw new Error(parsed.message);`;
  await writeFile(join(folder, "check-in-thread.js"), script);
  await runProgram("node", ["check-in-thread.js"], { cwd: folder });
}

async function expectOutput(
  command: string,
  args: readonly string[],
  folder: string,
  wanted: string,
): Promise<void> {
  const env = { XDG_CACHE_HOME: join(folder, "cache") }; // the package's snapshot is none of the user's
  const printed = await runProgram(command, args, { cwd: folder, capture: true, env });
  if (printed.trim() === wanted) return;
  throw new Error(`"${command} ${args.join(" ")}" printed "${printed.trim()}" instead of "${wanted}"`);
}
