/**
 * Tools that the contract's cases call.
 */
import * as z from "zod";
import { tool } from "../tools/define-tool.ts";
import type { Tool } from "../tools/tool.ts";

/** Returns what it gets. */
export const echo: Tool = tool({
  name: "echo",
  description: "Returns its value.",
  input: z.object({ value: z.json() }),
  execute: async ({ value }) => value,
});

/** Adds two numbers; two required parameters, for positional arguments and wrong input. */
export const add: Tool = tool({
  name: "add",
  description: "Adds two whole numbers.",
  input: z.object({ a: z.int(), b: z.int() }),
  execute: async ({ a, b }) => a + b,
});

/** Always throws. */
export const fail: Tool = tool({
  name: "fail",
  description: "Always fails.",
  input: z.object({ message: z.string().default("it broke") }),
  execute: async ({ message }) => {
    throw new Error(message);
  },
});

/** A tool that returns only when told. */
export interface Gate {
  readonly tool: Tool;
  /** Lets every call return, those that wait and those to come. */
  open(): void;
  /** Calls whose signal was aborted. */
  readonly aborted: number;
  /** Resolves when `count` calls have started. */
  started(count: number): Promise<void>;
}

/** Makes a tool `wait` that returns its `value` when the gate opens. */
export function createGate(): Gate {
  const opened = Promise.withResolvers<void>();
  const watchers: { count: number; resolve: () => void }[] = [];
  let startedCalls = 0;
  let aborted = 0;
  return {
    tool: tool({
      name: "wait",
      description: "Returns its value when the gate opens.",
      input: z.object({ value: z.json().default(null) }),
      execute: async ({ value }, { signal }) => {
        signal.addEventListener("abort", () => (aborted += 1));
        startedCalls += 1;
        for (const watcher of watchers) if (startedCalls >= watcher.count) watcher.resolve();
        await opened.promise;
        return value;
      },
    }),
    open: () => opened.resolve(),
    get aborted() {
      return aborted;
    },
    started(count) {
      return new Promise((resolve) => {
        if (startedCalls >= count) resolve();
        else watchers.push({ count, resolve });
      });
    },
  };
}

/** Makes a tool of that name which returns what `execute` returns, whatever that is. */
export function returning(name: string, execute: () => unknown): Tool {
  return tool({
    name,
    description: "Returns something odd.",
    input: z.object({}),
    execute: async () => execute(),
  });
}
