/**
 * How to reach Bedrock: the options, without a type of the AWS SDK, so that the package's types work where it is absent.
 */

/** A key pair, or a temporary one with its token. */
export interface BedrockCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** How to reach Bedrock. */
export interface BedrockConnectionOptions {
  /** AWS region. @default AWS_REGION, or the profile's */
  region?: string;
  /** Another endpoint, for example an emulator's. @default AWS_ENDPOINT_URL_BEDROCK_RUNTIME, or the region's */
  endpoint?: string;
  /** Credentials, or a function that gets fresh ones. @default the SDK's chain: environment, profile, SSO, roles */
  credentials?: BedrockCredentials | (() => Promise<BedrockCredentials>);
  /** A Bedrock API key, sent as bearer token. @default AWS_BEARER_TOKEN_BEDROCK */
  apiKey?: string;
  /** Profile of the shared AWS configuration. @default AWS_PROFILE */
  profile?: string;
  /** How often a request is tried, the first time included. @default AWS_MAX_ATTEMPTS, or 3 */
  maxAttempts?: number;
  /**
   * Speak HTTP/2. The AWS SDK then opens a connection of its own for the first stream, and most gateways know nothing
   * but HTTP/1.1.
   *
   * @default false: HTTP/1.1 over connections that stay open
   */
  http2?: boolean;
}
