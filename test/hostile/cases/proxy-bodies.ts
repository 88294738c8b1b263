/** One request with a body that costs as much as a client can make it cost. */
import { anthropic } from "../../../src/model/anthropic/anthropic.ts";
import { bedrock } from "../../../src/model/bedrock/bedrock.ts";
import { createProxy, type ProxyOptions } from "../../../src/proxy/create-proxy.ts";
import { forwardTo } from "../../../src/proxy/forward.ts";
import type { CaseContext } from "../child.ts";
import { createAnsweringModel } from "../proxy/answering-model.ts";
import { startClient } from "../proxy/client.ts";
import { idleSandbox } from "../proxy/idle-sandbox.ts";
import { startUpstream } from "../proxy/upstream.ts";

/** What stands behind the proxy. */
export type Behind = "nothing" | "invoke" | "converse" | "anthropic" | "forward";

function toOptions(behind: Behind, url: string): Pick<ProxyOptions, "model" | "forward"> {
  const model = createAnsweringModel();
  const credentials = { accessKeyId: "AKIAHOSTILE000000000", secretAccessKey: "hostile" };
  const connection = { region: "us-east-1", endpoint: url, credentials };
  switch (behind) {
    case "nothing":
      return { model: () => model };
    case "invoke":
      return { model: () => bedrock("us.anthropic.claude-sonnet-5", connection) };
    case "converse":
      return { model: () => bedrock("amazon.nova-pro-v1:0", connection) };
    case "anthropic":
      return { model: () => anthropic("claude-sonnet-5", { baseUrl: url, apiKey: "none" }) };
    case "forward":
      return { model: () => model, forward: forwardTo({ baseUrl: url }) };
  }
}

/** The body of that name, to a route of a proxy with something behind it. */
export async function body(context: CaseContext, argument: unknown): Promise<unknown> {
  const { name, behind, path } = argument as { name: string; behind: Behind; path: string };
  const upstream = await startUpstream();
  const proxy = createProxy({ sandbox: idleSandbox, ...toOptions(behind, upstream.url) });
  const { url } = await proxy.listen();
  for (const warmUp of ["small", "small", "warm up"]) {
    await (await startClient({ url: url + path, name: warmUp })).send();
  }
  const client = await startClient({ url: url + path, name });
  await context.measure();
  const answered = await client.send();
  await proxy.close({ deadlineMs: 0 });
  await upstream.stop();
  return answered;
}
