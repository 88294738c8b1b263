/**
 * A host that is to be killed while one script runs. Says the name of its container a second after the script has printed
 * "here", or when it has ended its session; answers each call of the script with a megabyte.
 *
 * Arguments: the image, the script, and `bare` for a container whose process 1 is the script itself.
 */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import type { RunnerFrame } from "../../../src/protocol/frames.ts";
import { splitAttachedStreams } from "../../../src/sandbox/docker/attached-streams.ts";
import { containerLabels, containerSpec } from "../../../src/sandbox/docker/container-spec.ts";
import { resolveDockerOptions } from "../../../src/sandbox/docker/docker-options.ts";
import { docker } from "../../../src/sandbox/docker/docker.ts";
import { resolveEngineAddress } from "../../../src/sandbox/docker/engine-address.ts";
import { openEngine } from "../../../src/sandbox/docker/engine.ts";
import { readHostIdentity } from "../../../src/sandbox/docker/host-identity.ts";

const ANSWER = "x".repeat(1024 * 1024);
/** Whoever started it may be gone. */
const STAY_MS = 50_000;
/** An interpreter that is stuck cannot say so: time in milliseconds for it to get there. */
const STUCK_MS = 1_000;

const [image = "", code = "", kind = "sandbox"] = process.argv.slice(2);
setTimeout(() => process.exit(1), STAY_MS);
let isSaid = false;
await (kind === "bare" ? runBare() : runInSandbox());

function say(line: string): void {
  if (!isSaid) console.log(line);
  isSaid = true;
}

async function runInSandbox(): Promise<void> {
  const session = await docker({ image }).open();
  const limits = { maxOutputBytes: 1_000_000, maxCalls: 1_000, maxCallsInFlight: 1_000 };
  void session.send([
    { type: "tools", tools: [{ name: "big", python: "big", parameters: [] }] },
    { type: "run", cell: 1, code, limits },
  ]);
  let printed = "";
  const take = (frame: RunnerFrame): void => {
    if (frame.type === "call") void session.send([{ type: "result", id: frame.id, value: ANSWER }]);
    if (frame.type === "output") printed += frame.text;
    if (printed.includes("here")) setTimeout(say, STUCK_MS, session.id);
    if (frame.type === "done") say(`The script came to its end: ${JSON.stringify(printed)}`);
  };
  try {
    for await (const batch of session.frames) for (const frame of batch) take(frame);
  } catch {
    // The script ended its own session, which is what it is for.
  }
  say(session.id);
}

async function runBare(): Promise<void> {
  const settings = resolveDockerOptions({ image });
  const engine = openEngine(resolveEngineAddress(), settings.requestTimeoutMs);
  const name = `toolscript-${randomBytes(8).toString("hex")}`;
  const labels = containerLabels(readHostIdentity(), Date.now());
  const program = code.replaceAll("print(", "__import__('functools').partial(print, file=sys.stderr)(");
  const id = await engine.create(name, containerSpec(settings.container, program, labels));
  const { output } = splitAttachedStreams(await engine.attach(id));
  const lines = new PassThrough();
  output.on("data", (chunk) => lines.write(chunk));
  output.once("end", () => lines.end());
  output.once("error", (error) => lines.destroy(error));
  await engine.start(id, image);
  for await (const line of createInterface(lines)) {
    if (line.includes("here")) setTimeout(say, STUCK_MS, name);
  }
  say(name);
}
