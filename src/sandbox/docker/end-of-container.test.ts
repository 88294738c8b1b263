import { expect, test } from "vitest";
import type { ToolscriptError } from "../../errors.ts";
import { resolveDockerOptions } from "./docker-options.ts";
import { explainEndOfContainer } from "./end-of-container.ts";
import type { ContainerEnd, Engine } from "./engine.ts";

const ID = "0123456789abcdef";

/** The explanation for a container that has gone before anybody could look at it. */
async function explainGone(howEnded: () => Promise<ContainerEnd | undefined>): Promise<ToolscriptError> {
  const engine = { inspect: () => Promise.resolve(undefined), howEnded } as unknown as Engine;
  const settings = resolveDockerOptions({ image: "python" }).container;
  return await explainEndOfContainer({ engine, id: ID, settings, noise: "" });
}

test.each<[string, ContainerEnd | undefined, string, string]>([
  ["its memory", { exitCode: 137, outOfMemory: true }, "sandbox-out-of-memory", "for using more than"],
  ["a signal", { exitCode: 137, outOfMemory: false }, "docker-killed", "was killed from outside"],
  ["its own end", { exitCode: 3, outOfMemory: false }, "sandbox-ended", 'exit code "3"'],
  ["an old Python", { exitCode: 64, outOfMemory: false }, "docker-python-missing", "too old"],
  ["nobody knows what", undefined, "docker-killed", "was removed from outside"],
])(
  "a container that has gone is explained by what the daemon remembers: %s",
  async (_name, end, code, words) => {
    const error = await explainGone(() => Promise.resolve(end));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  },
);

test("a daemon, or a guard of before, that does not answer that leaves the plain reason", async () => {
  const error = await explainGone(() => Promise.reject(new Error("403")));
  expect(error.message).toContain("was removed from outside");
});
