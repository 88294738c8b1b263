/** Requests with bodies that cost as much as a client can make them cost, one after another. */
import { anthropic } from "../../../src/model/anthropic/anthropic.ts";
import { bedrock } from "../../../src/model/bedrock/bedrock.ts";
import { createProxy, type ProxyOptions } from "../../../src/proxy/create-proxy.ts";
import { forwardTo } from "../../../src/proxy/forward.ts";
import type { CaseContext } from "../child.ts";
import { type Cost, leastOf, startMeasuring } from "../measure.ts";
import { createAnsweringModel } from "../proxy/answering-model.ts";
import type { Answered } from "../proxy/client.ts";
import { idleSandbox } from "../proxy/idle-sandbox.ts";
import { startUpstream } from "../proxy/upstream.ts";
import { startThread } from "../thread.ts";

/** What stands behind the proxy. */
export type Behind = "nothing" | "invoke" | "converse" | "anthropic" | "forward";

/** Which bodies go where. */
export interface BodiesArgument {
  readonly names: readonly string[];
  readonly behind: Behind;
  readonly path: string;
}

/** What a body came to, and what it cost. */
export interface BodyReport {
  readonly name: string;
  readonly answered: Answered;
  readonly cost: Cost;
}

const CLIENT = new URL("../proxy/client.ts", import.meta.url);

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

/** Sends each of the bodies. */
export async function bodies(context: CaseContext, argument: unknown): Promise<readonly BodyReport[]> {
  const { names, behind, path } = argument as BodiesArgument;
  const upstream = await startUpstream();
  const proxy = createProxy({ sandbox: idleSandbox, ...toOptions(behind, upstream.url) });
  const url = (await proxy.listen()).url + path;
  const client = startThread(CLIENT);
  for (const name of ["small", "small", "warm up"]) {
    await client.call("prepareNamed", name);
    await client.call("send", url);
  }
  await context.measure();
  const reports: BodyReport[] = [];
  for (const name of names) {
    await client.call("prepareNamed", name);
    const send = async (): Promise<BodyReport> => {
      const measurement = await startMeasuring();
      const answered = await client.call<Answered>("send", url);
      return { name, answered, cost: await measurement.stop() };
    };
    reports.push(await leastOf(send));
  }
  await client.stop();
  await proxy.close({ deadlineMs: 0 });
  await upstream.stop();
  return reports;
}
