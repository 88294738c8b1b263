/**
 * Where the guest program is, as JavaScript: in the package as it was built, in a checkout made from the TypeScript once.
 *
 * Deno would take the TypeScript too, but keeps what it makes of it in a cache that a guest must not have, and tries to
 * write there for 150 ms a start.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf("."));
const FOLDER = fileURLToPath(new URL("guest/", import.meta.url));

/** Where a checkout keeps what can be made again. */
const CHECKOUT_CACHE = fileURLToPath(new URL("../../../node_modules/.cache/toolscript/", import.meta.url));

/** What the system says where a checkout cannot be written. */
const READ_ONLY: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

let found: string | undefined;

/** Path of the program's entry. Its folder holds the rest of it. */
export function guestProgram(): string {
  found ??= (EXTENSION === ".ts" ? fromTypeScript() : undefined) ?? join(FOLDER, `main${EXTENSION}`);
  return found;
}

/** The program as JavaScript; undefined in a checkout that cannot be written: Deno then has to take the TypeScript. */
function fromTypeScript(): string | undefined {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".ts") && !name.includes(".test."));
  const sources = Object.fromEntries(names.map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]));
  const input = JSON.stringify(sources);
  const folder = join(
    CHECKOUT_CACHE,
    `guest-${createHash("sha256").update(input).digest("hex").slice(0, 16)}`,
  );
  const entry = join(folder, "main.js");
  try {
    if (!existsSync(entry)) write(folder, JSON.parse(strip(input)) as Record<string, string>);
    return realpathSync(entry);
  } catch (error) {
    if (existsSync(entry)) return realpathSync(entry); // another process was faster
    if (READ_ONLY.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** The folder is there in full or not at all. */
function write(folder: string, files: Readonly<Record<string, string>>): void {
  const temporary = `${folder}.${randomBytes(6).toString("hex")}.tmp`;
  mkdirSync(temporary, { recursive: true });
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(
        join(temporary, name.replace(/ts$/, "js")),
        text.replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"'),
      );
    }
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true }); // gone when all went well
  }
}

const STRIP = `import { stripTypeScriptTypes } from "node:module";
import { readFileSync } from "node:fs";
const files = Object.entries(JSON.parse(readFileSync(0, "utf8")));
process.stdout.write(JSON.stringify(Object.fromEntries(files.map(([name, text]) => [name, stripTypeScriptTypes(text)]))));`;

/** In a process of its own, which can be told to keep quiet about the function being new. */
function strip(sources: string): string {
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", STRIP];
  return execFileSync(process.execPath, flags, { input: sources, encoding: "utf8" });
}
