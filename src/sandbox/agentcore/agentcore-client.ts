/**
 * The three requests to AgentCore that sessions need, over the AWS SDK: start, execute code, stop.
 *
 * Guarantees: each is one HTTP request without retries (the caller knows what may be repeated); a started session is never
 * unknown to us, because a start that is repeated has the same token. What code printed is read here and not by the SDK,
 * which makes whatever it is told to at once; every other answer is small or refused. The SDK is an optional peer: nothing
 * of it is loaded before the first request. Credentials stay inside the client.
 */
import type { BedrockAgentCoreClient } from "@aws-sdk/client-bedrock-agentcore";
import { ToolscriptError } from "../../errors.ts";
import type { AgentCoreSettings } from "./agentcore-options.ts";
import { type CodeOutput, readCodeOutput, StreamedException } from "./answer/code-output.ts";
import { damaged } from "./answer/event-stream.ts";
import { keepAnswersSmall, takeBody } from "./answer/response-body.ts";

type Sdk = typeof import("@aws-sdk/client-bedrock-agentcore");

/** Requests that may be open at a time: one for each session of an account, and some. */
const MAX_SOCKETS = 1100;
const CONNECTION_TIMEOUT_MS = 10_000;

/** How one request ends early. */
export interface RequestOptions {
  readonly signal: AbortSignal;
  /** Milliseconds until the answer must be complete. */
  readonly timeoutMs: number;
}

/**
 * The requests. They throw whatever the SDK throws, or `sandbox-timeout`, or `agentcore-answer` for a damaged stream, or
 * `work-limit` for an answer that is too large.
 */
export interface AgentCoreClient {
  /** Starts a session and returns its id. */
  start(clientToken: string, options: RequestOptions): Promise<string>;
  execute(sessionId: string, code: string, options: RequestOptions): Promise<CodeOutput>;
  stop(sessionId: string, options: RequestOptions): Promise<void>;
  /** Ends idle connections. */
  destroy(): void;
}

/** Makes a client; the SDK is loaded by its first request. */
export function createAgentCoreClient(settings: AgentCoreSettings): AgentCoreClient {
  let connecting: Promise<{ sdk: Sdk; client: BedrockAgentCoreClient }> | undefined;
  const connection = (): Promise<{ sdk: Sdk; client: BedrockAgentCoreClient }> =>
    (connecting ??= connect(settings));
  const codeInterpreterIdentifier = settings.identifier;
  return {
    async start(clientToken, options) {
      const { sdk, client } = await connection();
      const { name, sessionTimeoutSeconds } = settings;
      const command = new sdk.StartCodeInterpreterSessionCommand({
        codeInterpreterIdentifier,
        name,
        sessionTimeoutSeconds,
        clientToken,
      });
      const { sessionId } = await within(options, (abortSignal) => client.send(command, { abortSignal }));
      if (sessionId === undefined) throw damaged("the answer names no session");
      return sessionId;
    },
    async execute(sessionId, code, options) {
      const { sdk, client } = await connection();
      const command = new sdk.InvokeCodeInterpreterCommand({
        codeInterpreterIdentifier,
        sessionId,
        name: "executeCode",
        arguments: { language: "python", code },
      });
      const takenBody = takeBody(command.middlewareStack);
      return await within(options, async (abortSignal) => {
        await client.send(command, { abortSignal });
        try {
          return await readCodeOutput(takenBody());
        } catch (cause) {
          if (abortSignal.aborted || cause instanceof ToolscriptError || cause instanceof StreamedException) {
            throw cause;
          }
          throw damaged("its event stream was cut off", cause);
        }
      });
    },
    async stop(sessionId, options) {
      const { sdk, client } = await connection();
      const command = new sdk.StopCodeInterpreterSessionCommand({ codeInterpreterIdentifier, sessionId });
      await within(options, (abortSignal) => client.send(command, { abortSignal }));
    },
    destroy() {
      connecting?.then(({ client }) => client.destroy()).catch(() => {}); // it never connected
    },
  };
}

async function connect(settings: AgentCoreSettings): Promise<{ sdk: Sdk; client: BedrockAgentCoreClient }> {
  const sdk = await loadSdk();
  const { region, endpoint, credentials, profile } = settings;
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const client = new sdk.BedrockAgentCoreClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: 0,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
  keepAnswersSmall(client.middlewareStack);
  return { sdk, client };
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import("@aws-sdk/client-bedrock-agentcore");
  } catch (cause) {
    throw new ToolscriptError(
      "sandbox-unavailable",
      'Using AgentCore failed: the package "@aws-sdk/client-bedrock-agentcore" cannot be loaded; run "npm install @aws-sdk/client-bedrock-agentcore"',
      { cause },
    );
  }
}

/** Gives `work` a signal of both the caller and the clock. */
async function within<T>(
  { signal, timeoutMs }: RequestOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const clock = AbortSignal.timeout(Math.ceil(timeoutMs));
  try {
    return await work(AbortSignal.any([signal, clock]));
  } catch (cause) {
    if (!clock.aborted || signal.aborted) throw cause;
    const message = `Waiting for AgentCore failed: no complete answer came within "${timeoutMs}" ms`;
    throw new ToolscriptError("sandbox-timeout", message, { cause });
  }
}
