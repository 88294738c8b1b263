/**
 * Checks a Converse request as Bedrock does, with its words: roles, blank texts, tool calls and their results, names.
 *
 * Unknown keys are let through: the real service ignores them as every AWS REST-JSON service does.
 */
import { shorten } from "../../errors.ts";
import { AwsHttpError } from "../aws-http/aws-error.ts";
import { isObject, type JsonObject } from "./json-object.ts";

/** Characters of ids and names that an answer shows. */
const MAX_IDS_CHARACTERS = 1000;

/** A message of a Converse request on the wire. */
export interface ConverseMessage {
  readonly role: "user" | "assistant";
  readonly content: readonly JsonObject[];
}

/** A Converse request on the wire, checked. */
export interface ConverseBody extends JsonObject {
  readonly messages: readonly ConverseMessage[];
}

/** @throws {AwsHttpError} 400 `ValidationException` */
export function checkConverseBody(body: unknown): ConverseBody {
  if (!isObject(body) || !Array.isArray(body["messages"])) {
    throw memberError("null", "messages", "Member must not be null");
  }
  const messages: ConverseMessage[] = body["messages"].map(checkMessage);
  checkRoles(messages);
  checkToolConfig(body, messages);
  messages.forEach((message, index) => {
    checkBlankTexts(message, index);
    checkToolResults(messages, index);
  });
  return { ...body, messages };
}

function checkMessage(message: unknown, index: number): ConverseMessage {
  const role = isObject(message) ? message["role"] : undefined;
  if (!isObject(message) || (role !== "user" && role !== "assistant")) {
    throw memberError(
      String(role),
      `messages.${index + 1}.member.role`,
      "Member must satisfy enum value set: [user, assistant]",
    );
  }
  if (!Array.isArray(message["content"]) || !message["content"].every(isObject)) {
    throw memberError("null", `messages.${index + 1}.member.content`, "Member must not be null");
  }
  if (message["content"].length === 0) {
    throw invalid(
      `The content field in the Message object at messages.${index} is empty. Add a ContentBlock object to the content field and try again.`,
    );
  }
  return { role, content: message["content"] };
}

function checkRoles(messages: readonly ConverseMessage[]): void {
  if (messages[0]?.role !== "user") {
    throw invalid(
      "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
    );
  }
  if (messages.some((message, index) => message.role === messages[index - 1]?.role)) {
    throw invalid(
      "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.",
    );
  }
}

function checkToolConfig(body: JsonObject, messages: readonly ConverseMessage[]): void {
  const config = body["toolConfig"];
  const usesTools = messages.some(({ content }) =>
    content.some((block) => "toolUse" in block || "toolResult" in block),
  );
  if (!isObject(config)) {
    if (usesTools) {
      throw invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
    }
    return;
  }
  const tools: unknown[] = Array.isArray(config["tools"]) ? config["tools"] : [];
  if (tools.length === 0) {
    throw memberError("[]", "toolConfig.tools", "Member must have length greater than or equal to 1");
  }
  tools.forEach((tool, index) => checkTool(tool, index));
}

function checkTool(tool: unknown, index: number): void {
  const spec = isObject(tool) ? tool["toolSpec"] : undefined;
  if (!isObject(spec)) {
    return;
  }
  const path = `toolConfig.tools.${index + 1}.member.toolSpec`;
  const name = String(spec["name"]);
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) {
    throw memberError(name, `${path}.name`, "Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+");
  }
  if (name.length > 64) {
    throw memberError(name, `${path}.name`, "Member must have length less than or equal to 64");
  }
  if (spec["description"] === "") {
    throw memberError("", `${path}.description`, "Member must have length greater than or equal to 1");
  }
  const schema = isObject(spec["inputSchema"]) ? spec["inputSchema"]["json"] : undefined;
  if (!isObject(schema) || schema["type"] !== "object") {
    throw invalid(
      `The value at toolConfig.tools.${index}.toolSpec.inputSchema.json.type must be one of the following: object.`,
    );
  }
}

function checkBlankTexts({ content }: ConverseMessage, index: number): void {
  content.forEach((block, at) => {
    if (typeof block["text"] === "string" && block["text"].trim() === "") {
      throw invalid(
        `The text field in the ContentBlock object at messages.${index}.content.${at} is blank. Add text to the text field, and try again.`,
      );
    }
  });
}

function checkToolResults(messages: readonly ConverseMessage[], index: number): void {
  const asked = idsOf(messages[index - 1], "toolUse");
  const given = idsOf(messages[index], "toolResult");
  if (given.length > asked.length) {
    throw invalid(
      `The number of toolResult blocks at messages.${index}.content exceeds the number of toolUse blocks of previous turn.`,
    );
  }
  const givenIds = new Set(given);
  const missing = asked.filter((id) => !givenIds.has(id));
  if (missing.length > 0) {
    throw invalid(
      `Expected toolResult blocks at messages.${index}.content for the following Ids: ${shorten(missing.join(", "), MAX_IDS_CHARACTERS)}`,
    );
  }
  const isLast = index === messages.length - 1;
  const open = isLast ? idsOf(messages[index], "toolUse") : [];
  if (open.length > 0) {
    throw invalid(
      `Expected toolResult blocks at messages.${index + 1}.content for the following Ids: ${shorten(open.join(", "), MAX_IDS_CHARACTERS)}`,
    );
  }
}

function idsOf(message: ConverseMessage | undefined, key: "toolUse" | "toolResult"): string[] {
  return (message?.content ?? []).flatMap((block) => {
    const inner = block[key];
    return isObject(inner) ? [String(inner["toolUseId"])] : [];
  });
}

function memberError(value: string, path: string, constraint: string): AwsHttpError {
  const shown = value === "null" ? "null" : `'${shorten(value, MAX_IDS_CHARACTERS)}'`;
  return invalid(
    `1 validation error detected: Value ${shown} at '${path}' failed to satisfy constraint: ${constraint}`,
  );
}

function invalid(message: string): AwsHttpError {
  return new AwsHttpError(400, "ValidationException", message);
}
