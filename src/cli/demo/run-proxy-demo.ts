/**
 * `toolscript demo --proxy`: the audit through the official SDK for the Claude API, with nothing changed but its base URL.
 *
 * Everything but the model is real: the SDK, the proxy on a port of its own, the sandbox, the AWS SDK and Bedrock's wire.
 */
import type Anthropic from "@anthropic-ai/sdk";
import { isCorrectAnswer } from "../../../examples/expense-auditor/answer.ts";
import { openExpenseDatabase } from "../../../examples/expense-auditor/data.ts";
import { findExpectedFindings } from "../../../examples/expense-auditor/expected.ts";
import { wireScenario } from "../../../examples/expense-auditor/scenario.ts";
import { EMULATOR_CREDENTIALS, startBedrockEmulator } from "../../emulator/emulator.ts";
import { bedrock } from "../../model/bedrock/bedrock.ts";
import { createProxy } from "../../proxy/create-proxy.ts";
import { bedrockModelNames } from "../../proxy/names/model-names.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { EXIT_CODES, UsageError } from "../failure.ts";
import { createProgress, type Progress } from "../progress.ts";
import { DEFAULT_SANDBOX, resolveSandboxOrEmulator } from "../resolve-sandbox.ts";
import { type AuditHop, runSdkAudit, type SdkAudit } from "./run-sdk-audit.ts";
import type { DemoOptions } from "./run-demo.ts";

const REGION = "us-east-1";

/** What the demo came to. */
interface ProxyDemo extends SdkAudit {
  readonly correct: boolean;
  /** Requests that came to the model's service. */
  readonly samples: number;
}

/** Runs it; gives the exit code, which is 1 when the answer is wrong. */
export async function runProxyDemo(options: DemoOptions = {}): Promise<number> {
  const { sandbox: sandboxName = DEFAULT_SANDBOX, json = false, signal } = options;
  const sdk = await importSdk();
  const sandbox = await resolveSandboxOrEmulator(sandboxName);
  const progress = createProgress({ quiet: json });
  try {
    const demo = await runThroughProxy(sdk, sandbox, progress, signal);
    progress.close();
    const text = json ? `${JSON.stringify({ scripted: true, ...demo })}\n` : formatDemo(demo);
    progress.write(process.stdout, text);
    return demo.correct ? EXIT_CODES.ok : EXIT_CODES.failed;
  } finally {
    progress.close();
    await sandbox.close();
  }
}

async function importSdk(): Promise<typeof Anthropic> {
  try {
    return (await import("@anthropic-ai/sdk")).default;
  } catch (cause) {
    throw new UsageError(
      'Cannot run the demo of the proxy: the package "@anthropic-ai/sdk" is not installed',
      {
        cause,
        hint: "npm install @anthropic-ai/sdk",
      },
    );
  }
}

async function runThroughProxy(
  Sdk: typeof Anthropic,
  sandbox: Sandbox,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<ProxyDemo> {
  await using emulator = await startBedrockEmulator({ scenario: wireScenario });
  const { url: endpoint } = emulator;
  await using proxy = createProxy({
    model: (id) => bedrock(id, { region: REGION, endpoint, credentials: EMULATOR_CREDENTIALS }),
    names: bedrockModelNames({ region: REGION }),
    sandbox,
  });
  const { url } = await proxy.listen();
  progress.note("The model in this demo is scripted: no model is called.");
  progress.note(`new Anthropic({ baseURL: "${url}" }): the proxy, with the Bedrock emulator behind it`);
  using database = openExpenseDatabase();
  const audit = await runSdkAudit(new Sdk({ baseURL: url, apiKey: "none" }), database, {
    onHop: (hop, number) => progress.note(describeHop(hop, number)),
    ...(signal && { signal }),
  });
  const correct = isCorrectAnswer(audit.answer, findExpectedFindings(database));
  return { ...audit, correct, samples: emulator.requests.length };
}

function describeHop({ ms, inputTokens, calls }: AuditHop, number: number): string {
  const sampled = inputTokens > 0 ? `model sampled, ${inputTokens} tokens in` : "no sample, 0 tokens";
  const asked = calls.length === 0 ? "the answer" : `${countCalls(calls)} for the client to run`;
  return `  request ${number}  ${ms.toFixed(0).padStart(5)} ms  ${sampled.padEnd(31)}  → ${asked}`;
}

/** `get_expenses × 8, get_custom_budget`. */
function countCalls(names: readonly string[]): string {
  return [...new Set(names)]
    .map((name) => ({ name, count: names.filter((other) => other === name).length }))
    .map(({ name, count }) => (count === 1 ? name : `${name} × ${count}`))
    .join(", ");
}

function formatDemo({ answer, correct, samples, hops, resultBytes }: ProxyDemo): string {
  const calls = hops.reduce((total, hop) => total + hop.calls.length, 0);
  const kept = `${Math.round(resultBytes / 1024)} KiB of tool results never reached the model`;
  const verdict = correct ? "Correct" : "WRONG";
  return `\n${answer}\n\n${verdict}: ${hops.length} requests, ${samples} samples, ${calls} tool calls; ${kept}\n`;
}
