/**
 * Amazon Bedrock AgentCore's Code Interpreter on localhost: the real wire (SigV4, event streams, the session routes), with
 * an IPython-like kernel in a local `python3` for each session.
 *
 * For tests, demos and offline work. **It isolates nothing**: code runs with the rights of the user who started it, which
 * is why it listens on localhost only unless told otherwise.
 */
import { fileURLToPath } from "node:url";
import { type AgentCoreFault, AgentCoreFaultQueue, type AgentCoreFaultOptions } from "./agentcore/faults.ts";
import { createRateLimit } from "./agentcore/rate-limit.ts";
import { type AgentCoreCounts, type AgentCoreRequest, AgentCoreRequestLog } from "./agentcore/request-log.ts";
import { type AgentCoreState, handleAgentCoreRequest } from "./agentcore/agentcore-service.ts";
import type { SessionStatus } from "./agentcore/interpreter-session.ts";
import { InterpreterSessions } from "./agentcore/sessions.ts";
import { listenHttp } from "./aws-http/listener.ts";
import { type AwsCredentials, DEFAULT_MAX_SKEW_MS } from "./aws-http/sigv4.ts";

export type { AgentCoreErrorKind, AgentCoreFault, AgentCoreFaultOptions } from "./agentcore/faults.ts";
export type { AgentCoreCounts, AgentCoreOperation, AgentCoreRequest } from "./agentcore/request-log.ts";

/** The key pair that the AgentCore emulator accepts when no other is given. It opens nothing else. */
export const AGENTCORE_EMULATOR_CREDENTIALS: AwsCredentials = {
  accessKeyId: "AKIAEMULATOR00000000",
  secretAccessKey: "emulator-secret-access-key",
};

/** Identifier of the interpreter that every account has. */
const SYSTEM_INTERPRETER = "aws.codeinterpreter.v1";

/** Quotas of the service, September 2026. */
const DEFAULT_REQUESTS_PER_SECOND = 30;
const DEFAULT_MAX_SESSIONS = 1000;
const DEFAULT_MAX_BODY_BYTES = 100_000_000;

const DEFAULT_MEMORY_MB = 1024;
const DEFAULT_MAX_RECORDED_REQUESTS = 1000;

/** Options of {@link startAgentCoreEmulator}. */
export interface AgentCoreEmulatorOptions {
  /** @default "127.0.0.1" */
  host?: string;
  /** TCP port; 0 picks a free one. @default 0 */
  port?: number;
  /** `"none"` accepts every request, signed or not. @default "required" */
  auth?: "required" | "none";
  /** Key pairs that may sign. @default [AGENTCORE_EMULATOR_CREDENTIALS] */
  credentials?: readonly AwsCredentials[];
  /** The only region that signatures may name. @default any */
  region?: string;
  /** Identifiers of the interpreters that exist. @default ["aws.codeinterpreter.v1"] */
  interpreters?: readonly string[];
  /** Invocations a second, and as many requests about sessions; 0 means no limit. @default 30 */
  requestsPerSecond?: number;
  /** Sessions at a time. @default 1_000 */
  maxSessions?: number;
  /** Address space of a kernel, in megabytes. @default 1_024 */
  memoryMb?: number;
  /** Program of a kernel with its arguments; it speaks the protocol of `agentcore/kernel.py`. @default that, in `python3` */
  kernelCommand?: readonly [program: string, ...args: string[]];
  /** Requests kept in `requests`; the oldest are forgotten first. @default 1_000 */
  maxRecordedRequests?: number;
  /** Largest request body, in bytes. @default 100_000_000 */
  maxBodyBytes?: number;
  /** Clock for the age of signatures. @default the system's */
  now?: () => Date;
}

/** A session as the emulator sees it. */
export interface EmulatedSession {
  readonly sessionId: string;
  readonly identifier: string;
  readonly status: SessionStatus;
  readonly timeoutSeconds: number;
}

/** A running emulator. */
export interface AgentCoreEmulator extends AsyncDisposable {
  /** Endpoint for clients, for example `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /** The last requests, oldest first, refused ones included. */
  readonly requests: readonly AgentCoreRequest[];
  /** Requests by operation since the start or the last `clearRequests`, refused ones included. */
  readonly counts: AgentCoreCounts;
  /** Sessions, ended ones included. */
  readonly sessions: readonly EmulatedSession[];
  /** The first request that matches, recorded or yet to come. */
  waitForRequest(matches?: (request: AgentCoreRequest) => boolean): Promise<AgentCoreRequest>;
  /** Empties `requests` and `counts`. */
  clearRequests(): void;
  /** Arms a fault, by default for one `invoke`; the returned function disarms it. */
  fault(fault: AgentCoreFault, options?: AgentCoreFaultOptions): () => void;
  /** Disarms all faults. */
  clearFaults(): void;
  /** Ends all sessions and connections and frees the port. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts an emulator of AgentCore's Code Interpreter. Needs `python3` (3.9 or newer) on a POSIX system.
 *
 * @example
 * const emulator = await startAgentCoreEmulator();
 * const sandbox = agentcore({
 *   region: "us-east-1", endpoint: emulator.url, credentials: AGENTCORE_EMULATOR_CREDENTIALS,
 * });
 */
export async function startAgentCoreEmulator(
  options: AgentCoreEmulatorOptions = {},
): Promise<AgentCoreEmulator> {
  const state = toState(options);
  const { host = "127.0.0.1", port = 0 } = options;
  const listener = await listenHttp((exchange) => handleAgentCoreRequest(exchange, state), { host, port });
  const close = async (): Promise<void> => {
    await Promise.all([listener.close(), state.sessions.end()]);
  };
  return {
    url: listener.url,
    port: listener.port,
    get requests() {
      return state.log.records;
    },
    get counts() {
      return state.log.counts;
    },
    get sessions() {
      return state.sessions.all.map(({ details, status }) => ({ ...details, status }));
    },
    waitForRequest: (matches = () => true) => state.log.waitFor(matches),
    clearRequests: () => state.log.clear(),
    fault: (fault, faultOptions) => state.faults.add(fault, faultOptions),
    clearFaults: () => state.faults.clear(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function toState(options: AgentCoreEmulatorOptions): AgentCoreState {
  const { requestsPerSecond = DEFAULT_REQUESTS_PER_SECOND } = options;
  return {
    auth: {
      required: options.auth !== "none",
      service: "bedrock-agentcore",
      region: options.region,
      credentials: options.credentials ?? [AGENTCORE_EMULATOR_CREDENTIALS],
      apiKeys: [],
      now: options.now ?? (() => new Date()),
      maxSkewMs: DEFAULT_MAX_SKEW_MS,
    },
    faults: new AgentCoreFaultQueue(),
    log: new AgentCoreRequestLog(options.maxRecordedRequests ?? DEFAULT_MAX_RECORDED_REQUESTS),
    sessions: new InterpreterSessions({
      interpreters: options.interpreters ?? [SYSTEM_INTERPRETER],
      maxActive: options.maxSessions ?? DEFAULT_MAX_SESSIONS,
      memoryMb: options.memoryMb ?? DEFAULT_MEMORY_MB,
      command: options.kernelCommand ?? defaultKernelCommand(),
    }),
    invokeRate: createRateLimit(requestsPerSecond),
    sessionRate: createRateLimit(requestsPerSecond),
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
  };
}

/** Isolated from this user's packages and variables, as far as that goes. */
function defaultKernelCommand(): readonly [string, ...string[]] {
  return ["python3", "-I", "-X", "utf8", fileURLToPath(new URL("agentcore/kernel.py", import.meta.url))];
}
