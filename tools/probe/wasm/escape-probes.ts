/**
 * Attempts by plain Python that finds its way to JavaScript in a live session. The control of each is the same script in a
 * guest that does not close up.
 */
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { type Finding, type Probe, type ProbeClass, UnavailableControlError } from "../probe.ts";
import { checkRun, describeRun } from "../script-run.ts";
import { runInSession } from "../session-run.ts";
import { withOpenGuests } from "./open-guest.ts";
import { REACH_JAVASCRIPT } from "./reach-javascript.ts";

interface EscapeRow {
  readonly name: string;
  readonly class: ProbeClass;
  readonly script: string;
  /** What a machine may lack on which the control cannot be shown. */
  readonly needs?: string;
}

/** A worker made of text, and a word of memory in which it tells how far it came: 1 running, 2 graphics, 3 no graphics. */
const START_WORKER = `
import urllib.parse
def start_worker():
    options = js_object()
    options.type = "module"
    code = """onmessage = async ({ data }) => {
  const word = new Int32Array(data);
  word[0] = 1;
  const adapter = await navigator.gpu.requestAdapter().catch(() => null);
  word[0] = adapter === null ? 3 : 2;
};"""
    worker = js.Worker.new("data:text/javascript," + urllib.parse.quote(code), options)
    memory = js.SharedArrayBuffer.new(4)
    worker.postMessage(memory)
    return js.Int32Array.new(memory)
def wait_until(word, least):
    end = time.monotonic() + 15
    while word[0] < least and time.monotonic() < end:
        time.sleep(0.01)
    return word[0]
`;

const attempt = (code: string): string => `
try:
${code.replaceAll(/^(?=.)/gm, "    ")}
except (AttributeError, TypeError) as error:
    did(False, type(error).__name__ + ": " + str(error).split("\\n")[0])`;

const ROWS: readonly EscapeRow[] = [
  {
    name: "start a worker of JavaScript from plain Python",
    class: "processes",
    script: `${START_WORKER}${attempt('did(wait_until(start_worker(), 1) >= 1, "on another thread")')}`,
  },
  {
    name: "get a graphics adapter of the host (WebGPU) from plain Python",
    class: "devices",
    script: `${START_WORKER}${attempt('did(wait_until(start_worker(), 2) == 2, "a graphics adapter")')}`,
    needs: "a driver of graphics",
  },
  {
    name: "read the interpreter's own files through Deno from plain Python",
    class: "filesystem",
    script: attempt('did(True, js.Deno.readTextFileSync("package.json")[:20])'),
  },
];

/** The probes. Linux, macOS and whatever else has a shell. */
export function escapeProbes(sandbox: Sandbox): Probe[] {
  return process.platform === "win32" ? [] : ROWS.map((row) => toProbe(row, sandbox));
}

function toProbe({ name, class: kind, script, needs }: EscapeRow, sandbox: Sandbox): Probe {
  const run = async (place: Sandbox): Promise<Finding> => {
    const done = await runInSession(place, `${REACH_JAVASCRIPT}${script}`);
    checkRun(done, false);
    return { succeeded: done.facts?.ok === true, evidence: describeRun(done) };
  };
  return {
    name,
    class: kind,
    without: "in a guest that does not close up",
    attempt: () => run(sandbox),
    async control() {
      const finding = await withOpenGuests(run);
      if (finding.succeeded || needs === undefined) return finding;
      throw new UnavailableControlError(`which lacks ${needs}`);
    },
  };
}
