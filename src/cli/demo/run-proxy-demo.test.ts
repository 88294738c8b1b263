import { expect, test } from "vitest";
import { runCli } from "../../../test/run-cli.ts";

test(
  "demo --proxy runs the audit through the SDK and the proxy with two samples",
  { timeout: 120_000 },
  async () => {
    const { exitCode, stdout, stderr } = await runCli(["demo", "--proxy", "--json"], {
      env: { DELAY_MULTIPLIER: "0" },
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const { correct, samples, scripted, hops } = JSON.parse(stdout) as {
      correct: boolean;
      samples: number;
      scripted: boolean;
      hops: { inputTokens: number; calls: string[] }[];
    };
    expect({ correct, samples, scripted }).toEqual({ correct: true, samples: 2, scripted: true });
    expect(hops.map(({ calls }) => [...new Set(calls)])).toEqual([
      ["get_team_members"],
      ["get_expenses"],
      ["get_custom_budget"],
      [],
    ]);
    expect(hops.map(({ inputTokens }) => inputTokens > 0)).toEqual([true, false, false, true]);
  },
);
