/** One request with a body that costs as much as a client can make it cost. */
import { accumulate } from "../../../src/model/accumulate.ts";
import type { Model } from "../../../src/model/model.ts";
import { responseToEvents } from "../../../src/model/response-events.ts";
import { createProxy } from "../../../src/proxy/create-proxy.ts";
import { wasm } from "../../../src/sandbox/wasm/wasm.ts";
import type { CaseContext } from "../child.ts";
import { startClient } from "../proxy/client.ts";

/** A model that answers at once and looks at nothing. */
const answering: Model = {
  id: "test:answering",
  scripted: true,
  async *stream() {
    yield* responseToEvents({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "answering",
      content: [{ type: "text", text: "Done" }],
      stop_reason: "end_turn",
      usage: {},
    });
  },
  create: (request) => accumulate(answering.stream(request)),
};

/** The body of that name, to a route. */
export async function body(context: CaseContext, argument: unknown): Promise<unknown> {
  const { name, path = "/v1/messages" } = argument as { name: string; path?: string };
  const sandbox = wasm();
  const proxy = createProxy({ model: () => answering, sandbox });
  const { url } = await proxy.listen();
  for (let run = 0; run < 3; run += 1) await (await startClient({ url: url + path, name: "small" })).send();
  const client = await startClient({ url: url + path, name });
  await context.measure();
  const answered = await client.send();
  await proxy.close({ deadlineMs: 0 });
  await sandbox.close();
  return answered;
}
