/**
 * The requests of the proxy's benchmarks, in the words of the proxy and in those of Bedrock, where the bare pipe leads.
 */

const BODY = {
  max_tokens: 256,
  system: "Answer briefly.",
  messages: [{ role: "user", content: "What is the capital of France? ".repeat(20) }],
};

/** Bedrock's id of the model; it names a family, no such model is called. */
const MODEL_ID = "us.anthropic.claude-sonnet-5";

/** A request as both servers take it. */
export interface BenchRequest {
  readonly proxy: { readonly path: string; readonly body: string };
  readonly bare: { readonly path: string; readonly body: string };
}

const bedrockBody = JSON.stringify({ ...BODY, anthropic_version: "bedrock-2023-05-31" });

/** A message without streaming. */
export const PLAIN_REQUEST: BenchRequest = {
  proxy: { path: "/v1/messages", body: JSON.stringify({ ...BODY, model: "claude-sonnet-5" }) },
  bare: { path: `/model/${MODEL_ID}/invoke`, body: bedrockBody },
};

/** The same, streamed. */
export const STREAM_REQUEST: BenchRequest = {
  proxy: { path: "/v1/messages", body: JSON.stringify({ ...BODY, model: "claude-sonnet-5", stream: true }) },
  bare: { path: `/model/${MODEL_ID}/invoke-with-response-stream`, body: bedrockBody },
};
