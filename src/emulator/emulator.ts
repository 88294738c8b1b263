/**
 * Amazon Bedrock Runtime on localhost: the real wire (HTTP/2 and HTTP/1.1, SigV4 and API keys, event streams) with a
 * scenario in place of a model.
 *
 * For tests, demos and offline work. What a client does wrong on real Bedrock (a bad signature, an unknown key in the
 * body, a missing tool result) is refused here in the same words. It calls no model and says so: answers name the model
 * "scripted" and carry the header `x-toolscript-scripted`.
 */
import { ToolscriptError, toErrorMessage } from "../errors.ts";
import { listenHttp, type ExchangeHandler, type HttpListener } from "./aws-http/listener.ts";
import { DEFAULT_MAX_SKEW_MS, type AwsCredentials } from "./aws-http/sigv4.ts";
import { handleBedrockRequest, type BedrockServiceState } from "./bedrock/bedrock-service.ts";
import { FaultQueue, type BedrockFault, type FaultOptions } from "./bedrock/faults.ts";
import { RequestLog, type RecordedRequest } from "./bedrock/request-log.ts";
import { estimateTokens, type TokenCounter } from "./bedrock/scenario-player.ts";
import type { Scenario } from "../model/scenario.ts";

export {
  AGENTCORE_EMULATOR_CREDENTIALS,
  type AgentCoreEmulator,
  type AgentCoreEmulatorOptions,
  type AgentCoreErrorKind,
  type AgentCoreFault,
  type AgentCoreOperation,
  startAgentCoreEmulator,
} from "./agentcore-emulator.ts";
export type { AwsCredentials } from "./aws-http/sigv4.ts";
export type { BedrockFault, ErrorFaultKind, FaultOptions, StreamExceptionName } from "./bedrock/faults.ts";
export type { RecordedRequest, RequestOutcome } from "./bedrock/request-log.ts";
export type { TokenCounter } from "./bedrock/scenario-player.ts";

/** The key pair that an emulator accepts when no other is given. It opens nothing else. */
export const EMULATOR_CREDENTIALS: AwsCredentials = {
  accessKeyId: "AKIAEMULATOR00000000",
  secretAccessKey: "emulator-secret-access-key",
};

/** The API key that an emulator accepts when no other is given. It opens nothing else. */
export const EMULATOR_API_KEY = "emulator-bedrock-api-key";

/** Requests kept in the record. */
const DEFAULT_MAX_RECORDED_REQUESTS = 1000;
/** Characters of all recorded bodies together. */
const DEFAULT_MAX_RECORDED_CHARACTERS = 64_000_000;
/** Largest body: what the InvokeModel API reference allows. */
const DEFAULT_MAX_BODY_BYTES = 25_000_000;

/** Options of {@link startBedrockEmulator}. */
export interface BedrockEmulatorOptions {
  /** What it answers. @default an empty scenario: every request is refused */
  scenario?: Scenario;
  /** @default "127.0.0.1" */
  host?: string;
  /** TCP port; 0 picks a free one. @default 0 */
  port?: number;
  /** `"none"` accepts every request, signed or not. @default "required" */
  auth?: "required" | "none";
  /** Key pairs that may sign. @default [EMULATOR_CREDENTIALS] */
  credentials?: readonly AwsCredentials[];
  /** Bedrock API keys, sent as `Authorization: Bearer …`. @default [EMULATOR_API_KEY] */
  apiKeys?: readonly string[];
  /** The only region that signatures may name. @default any */
  region?: string;
  /** The only model ids that exist. @default any */
  models?: readonly string[];
  /**
   * ARNs of application inference profiles, provisioned models and the like → the id of the model behind each, whose rules
   * then hold.
   *
   * @default none: such an ARN takes what any Claude model takes
   */
  profiles?: Readonly<Record<string, string>>;
  /** Counts tokens for `usage` and `count-tokens`. @default one token for every four characters, rounded up */
  countTokens?: TokenCounter;
  /** Requests kept in `requests`; the oldest are forgotten first. @default 1000 */
  maxRecordedRequests?: number;
  /** Characters of all recorded bodies together. @default 64000000 */
  maxRecordedCharacters?: number;
  /** Largest request body, in bytes. @default 25000000 */
  maxBodyBytes?: number;
  /** Clock for the age of signatures. @default the system's */
  now?: () => Date;
}

/** A running emulator. */
export interface BedrockEmulator extends AsyncDisposable {
  /** Endpoint for clients, for example `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /** The last requests, oldest first, refused ones included. */
  readonly requests: readonly RecordedRequest[];
  /** The first request that matches, recorded or yet to come. */
  waitForRequest(matches?: (request: RecordedRequest) => boolean): Promise<RecordedRequest>;
  /** Empties `requests`. */
  clearRequests(): void;
  /** Answers from now on by this scenario. */
  setScenario(scenario: Scenario): void;
  /** Arms a fault, by default for one request; the returned function disarms it. */
  fault(fault: BedrockFault, options?: FaultOptions): () => void;
  /** Disarms all faults. */
  clearFaults(): void;
  /** Ends all connections and frees the port. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts an emulator of Bedrock Runtime.
 *
 * @throws {ToolscriptError} `invalid-argument` when the port cannot be listened on
 *
 * @example
 * const emulator = await startBedrockEmulator({ scenario: [{ content: "Hello" }] });
 * const model = bedrock("global.anthropic.claude-sonnet-5", {
 *   region: "us-east-1", endpoint: emulator.url, credentials: EMULATOR_CREDENTIALS,
 * });
 */
export async function startBedrockEmulator(options: BedrockEmulatorOptions = {}): Promise<BedrockEmulator> {
  const state = toState(options);
  const listener = await listen((exchange) => handleBedrockRequest(exchange, state), options);
  return {
    url: listener.url,
    port: listener.port,
    get requests() {
      return state.log.records;
    },
    waitForRequest: (matches = () => true) => state.log.waitFor(matches),
    clearRequests: () => state.log.clear(),
    setScenario: (scenario) => {
      state.scenario = scenario;
    },
    fault: (fault, faultOptions) => state.faults.add(fault, faultOptions),
    clearFaults: () => state.faults.clear(),
    close: () => listener.close(),
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

async function listen(handler: ExchangeHandler, options: BedrockEmulatorOptions): Promise<HttpListener> {
  const { host = "127.0.0.1", port = 0 } = options;
  try {
    return await listenHttp(handler, { host, port });
  } catch (error) {
    throw new ToolscriptError(
      "invalid-argument",
      `Cannot start the Bedrock emulator on "${host}" port ${port}: ${toErrorMessage(error)}; pass another "port", or 0 for a free one`,
      { cause: error },
    );
  }
}

function toState(options: BedrockEmulatorOptions): BedrockServiceState {
  return {
    scenario: options.scenario ?? [],
    auth: {
      required: options.auth !== "none",
      service: "bedrock",
      region: options.region,
      credentials: options.credentials ?? [EMULATOR_CREDENTIALS],
      apiKeys: options.apiKeys ?? [EMULATOR_API_KEY],
      now: options.now ?? (() => new Date()),
      maxSkewMs: DEFAULT_MAX_SKEW_MS,
    },
    faults: new FaultQueue(),
    log: new RequestLog(
      options.maxRecordedRequests ?? DEFAULT_MAX_RECORDED_REQUESTS,
      options.maxRecordedCharacters ?? DEFAULT_MAX_RECORDED_CHARACTERS,
    ),
    countTokens: options.countTokens ?? estimateTokens,
    models: options.models,
    profiles: options.profiles ?? {},
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
  };
}
