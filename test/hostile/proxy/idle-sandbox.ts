/**
 * A sandbox for proxies whose clients run no scripts.
 */
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";

/** Opens nothing. */
export const idleSandbox: Sandbox = {
  name: "idle",
  open: () => Promise.reject(new Error("No script runs here")),
  close: () => Promise.resolve(),
};
