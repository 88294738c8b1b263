/**
 * The AWS SDK's client for Bedrock Runtime, made when the first request needs it.
 *
 * The SDK is an optional peer: nothing of it is loaded before. The SDK's own timeouts are switched off (over HTTP/2 it
 * would end a stream after five silent minutes); the one clock is `IdleWatchdog`. Credentials stay inside the client.
 */
import type { BedrockRuntimeClient, BedrockRuntimeClientConfig } from "@aws-sdk/client-bedrock-runtime";
import { ToolscriptError } from "../../errors.ts";
import type { BedrockConnectionOptions } from "./connection-options.ts";
import { FirstAttempts } from "./first-attempt.ts";
import { observeRetries } from "./retry-notice.ts";

/** The loaded SDK and a client of it. */
export interface BedrockConnection {
  readonly sdk: typeof import("@aws-sdk/client-bedrock-runtime");
  readonly client: BedrockRuntimeClient;
  readonly firstAttempts: FirstAttempts;
}

/** Loads the SDK and makes a client. */
export async function connectBedrock(options: BedrockConnectionOptions): Promise<BedrockConnection> {
  const sdk = await loadSdk(() => import("@aws-sdk/client-bedrock-runtime"));
  const client = new sdk.BedrockRuntimeClient(await toClientConfig(options));
  const { retryStrategy } = client.config;
  client.config.retryStrategy = async () => {
    const strategy = await retryStrategy();
    observeRetries(strategy);
    return strategy;
  };
  return { sdk, client, firstAttempts: new FirstAttempts(client) };
}

/**
 * Loads an optional peer.
 *
 * @throws {ToolscriptError} `model-failed` that says what to install
 */
export async function loadSdk<T>(importSdk: () => Promise<T>): Promise<T> {
  try {
    return await importSdk();
  } catch (error) {
    throw new ToolscriptError(
      "model-failed",
      'Cannot call Bedrock: the package "@aws-sdk/client-bedrock-runtime" cannot be loaded; run "npm install @aws-sdk/client-bedrock-runtime"',
      { cause: error },
    );
  }
}

async function toClientConfig(options: BedrockConnectionOptions): Promise<BedrockRuntimeClientConfig> {
  const { region, endpoint, credentials, apiKey, profile, maxAttempts, http2 = false } = options;
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...authConfig(credentials, apiKey),
    requestHandler: http2 ? { requestTimeout: 0, sessionTimeout: 0 } : await createHttp1Handler(),
  };
}

/** What is passed explicitly wins over the environment, where the SDK prefers AWS_BEARER_TOKEN_BEDROCK. */
function authConfig(
  credentials: BedrockConnectionOptions["credentials"],
  apiKey: string | undefined,
): BedrockRuntimeClientConfig {
  if (apiKey !== undefined) {
    return { token: { token: apiKey }, authSchemePreference: ["httpBearerAuth"] };
  }
  return credentials === undefined ? {} : { credentials, authSchemePreference: ["sigv4"] };
}

async function createHttp1Handler(): Promise<NonNullable<BedrockRuntimeClientConfig["requestHandler"]>> {
  const { NodeHttpHandler } = await import("@smithy/node-http-handler");
  const agent = { keepAlive: true, maxSockets: Infinity };
  return new NodeHttpHandler({
    requestTimeout: 0,
    socketTimeout: 0,
    connectionTimeout: 10_000,
    httpAgent: agent,
    httpsAgent: agent,
  });
}
