/**
 * A conversation whose script calls a tool again and again, as a client of the proxy leads it.
 */
import type { HttpClient } from "./http-client.ts";

const CODE_TOOL = { type: "code_execution_20260120", name: "code_execution" };
const TOOL = {
  name: "get",
  description: "Gives a number as text",
  input_schema: { type: "object", properties: { n: { type: "number" } } },
  allowed_callers: ["code_execution_20260120"],
};

interface Message {
  readonly content: readonly { readonly type: string; readonly id?: string }[];
  readonly stop_reason: string;
  readonly container: { readonly id: string } | null;
}

/** A conversation under way. */
export interface Conversation {
  readonly isPaused: boolean;
  /** Answers the calls and takes the next ones. */
  goOn(): Promise<void>;
}

/**
 * Starts a conversation; its script waits then.
 *
 * @param container - id of a container to go on in
 */
export async function startConversation(
  client: HttpClient,
  container?: string,
): Promise<Conversation & { readonly container: string }> {
  const messages: object[] = [{ role: "user", content: "loop" }];
  const send = async (id: string | undefined): Promise<Message> => {
    const request = {
      model: "claude-sonnet-5",
      max_tokens: 1000,
      tools: [CODE_TOOL, TOOL],
      messages,
      container: id,
    };
    return JSON.parse((await client.post("/v1/messages", JSON.stringify(request))).body) as Message;
  };
  let message = await send(container);
  const id = message.container?.id;
  if (id === undefined || message.stop_reason !== "tool_use") {
    throw new Error(`The script did not pause: ${JSON.stringify(message)}`);
  }
  return {
    container: id,
    get isPaused() {
      return message.stop_reason === "tool_use";
    },
    async goOn() {
      const calls = message.content.filter(({ type }) => type === "tool_use");
      const results = calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: "1" }));
      messages.push({ role: "assistant", content: message.content }, { role: "user", content: results });
      message = await send(id);
    },
  };
}
