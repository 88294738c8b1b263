/**
 * `toolscript serve` as a process, as tests talk to it.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { EMULATOR_CREDENTIALS } from "../src/emulator/emulator.ts";
import { startCli } from "./run-cli.ts";

/** What {@link RunningServer.send} asks the model. */
export const PROMPT = "a prompt that no log may hold";

type Entry = Readonly<Record<string, unknown>>;

/** A server as a process, and its log. */
export class RunningServer implements AsyncDisposable {
  readonly log: Entry[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  #stderr = "";
  #heard = Promise.withResolvers<void>();

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd?: string) {
    const { accessKeyId, secretAccessKey } = EMULATOR_CREDENTIALS;
    this.#child = startCli(["serve", "--port", "0", "--region", "us-east-1", ...args], {
      env: {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        TOOLSCRIPT_KEYS: "",
        ...env,
      },
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#closed = once(this.#child, "close");
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    if (this.#child.stdout === null) throw new Error("The server has no output");
    createInterface(this.#child.stdout).on("line", (line) => {
      this.log.push(JSON.parse(line) as Entry);
      this.#heard.resolve();
      this.#heard = Promise.withResolvers();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The first entry of that event, once it is there. */
  async waitFor(event: string): Promise<Entry> {
    for (;;) {
      const found = this.log.find((entry) => entry["event"] === event);
      if (found !== undefined) return found;
      await Promise.race([
        this.#heard.promise,
        this.#closed.then(() => Promise.reject(new Error(this.#stderr))),
      ]);
    }
  }

  async send(
    headers: Readonly<Record<string, string>>,
    tools: readonly object[] = [],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<Response> {
    const url = String((await this.waitFor("listening"))["url"]);
    return await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "anthropic-version": "2023-06-01", ...headers },
      body: JSON.stringify({
        model: "claude-sonnet-5",
        max_tokens: 100,
        messages: [{ role: "user", content: PROMPT }],
        ...(tools.length === 0 ? {} : { tools }),
        ...more,
      }),
    });
  }

  /** Ends what a failed test left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<unknown> {
    this.#child.kill("SIGTERM");
    const [exitCode] = await this.#closed;
    return exitCode;
  }
}
