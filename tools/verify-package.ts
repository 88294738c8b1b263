/**
 * Checks the packed tarball: `publint` and `attw` find nothing, and a project that installs it can import every
 * subpath, with types, and start the command.
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
  readonly bin: Readonly<Record<string, string>>;
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
  await runProgram("publint", ["run", tarball, "--strict"]);
  await runProgram("attw", [tarball, "--profile", "esm-only", "--no-definitely-typed", "--format", "ascii"]);
  await install(tarball, manifest, folder);
  await importEverySubpath(manifest, folder);
  await checkTypes(manifest, folder);
  await startCommand(manifest, folder);
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

async function startCommand(manifest: Manifest, folder: string): Promise<void> {
  for (const path of Object.values(manifest.bin)) {
    const file = join(folder, "node_modules", manifest.name, path);
    const printed = await runProgram(file, ["--version"], { cwd: folder, capture: true });
    if (printed.trim() !== manifest.version) {
      throw new Error(`"${path} --version" printed "${printed.trim()}" instead of "${manifest.version}"`);
    }
  }
}
