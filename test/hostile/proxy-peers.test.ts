/**
 * Who is at the other end: a client of another machine gets nothing done by going before anybody looks.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { requireOrSkip } from "../require.ts";
import type { ResetReport } from "./proxy/reset-program.ts";

const PROGRAM = fileURLToPath(new URL("proxy/reset-program.ts", import.meta.url));
const run = promisify(execFile);

/** Runs in a network of its own whose loopback device has an address that is no loopback address. */
async function inNetworkOfItsOwn(command: string): Promise<string> {
  const setUp = "ip link set lo up && ip addr add 192.0.2.1/32 dev lo";
  const { stdout } = await run("unshare", ["-rn", "sh", "-c", `${setUp} && ${command}`]);
  return stdout;
}

const isMissing = await requireOrSkip("netns", async () => (await inNetworkOfItsOwn("echo yes")) !== "");

describe.skipIf(isMissing)("a client of another address that resets its connection", () => {
  test.each(["no keys", "keys taken away"])("reaches no model: %s", async (way) => {
    const text = await inNetworkOfItsOwn(`exec "${process.execPath}" "${PROGRAM}" "${way}"`);
    const { elsewhere, here } = JSON.parse(text) as Record<"elsewhere" | "here", ResetReport>;
    expect(elsewhere).toEqual({ waitingStatus: 403, reached: 0 });
    // The same client on this machine is let in, so that the test tells something.
    expect(here.waitingStatus).toBe(200);
    expect(here.reached).toBeGreaterThan(0);
  });
});
