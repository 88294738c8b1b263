/**
 * Everything hostile, for as long as is wanted.
 *
 *     npm run hostile [-- --seconds N]
 *
 * The tests of `test/hostile/` belong to `npm test` in a short form; here each of their generators runs for N seconds
 * (300 unless told otherwise), from the same seed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";

const DEFAULT_SECONDS = 300;
const EXIT_USAGE = 2;

const { values } = parseArgs({ options: { seconds: { type: "string", default: String(DEFAULT_SECONDS) } } });
const seconds = Number(values.seconds);
if (!Number.isSafeInteger(seconds) || seconds < 1) {
  console.error(`npm run hostile: --seconds is "${values.seconds}", wanted a whole number from 1`);
  process.exit(EXIT_USAGE);
}
const run = spawn("npx", ["vitest", "run", "test/hostile"], {
  stdio: "inherit",
  env: { ...process.env, HOSTILE_SECONDS: String(seconds) },
});
const [code] = (await once(run, "exit")) as [number | null];
process.exitCode = code ?? 1;
