/**
 * Estimates the tokens of real request bodies with a public tokenizer.
 *
 * Method: every piece of text that the model reads (each tool's JSON, the system text, each content block with its JSON
 * escapes undone) is tokenised by itself and summed; frames around the pieces are not counted. A piece that comes again,
 * as the history does in every request, is counted again but tokenised once. Other models cut text otherwise, so this
 * compares ways of calling tools and does not foretell a bill.
 */
import type { ContentBlock, ModelMessage, ModelRequest } from "../../model/model.ts";
import { UsageError } from "../failure.ts";

/** The public tokenizer that is used, for the report. */
export const TOKENIZER_NAME = "gpt-tokenizer, o200k_base";

/** Counts the tokens of text. */
export type CountText = (text: string) => number;

/** Loads the tokenizer, which is a development dependency. @throws {UsageError} when it is not installed */
export async function loadTokenizer(): Promise<CountText> {
  try {
    const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
    return (text) => countTokens(text);
  } catch (cause) {
    throw new UsageError('Cannot count tokens: the package "gpt-tokenizer" does not load', {
      cause,
      hint: 'Install it with "npm install gpt-tokenizer"; in a checkout "npm ci" does',
    });
  }
}

/** Counts requests and answers, remembering the pieces it has seen. */
export interface TokenCounter {
  /** Tokens of one request: what the model reads. */
  countRequest(request: ModelRequest): number;
  /** Tokens of one message: of an assistant's, what the model wrote. */
  countMessage(message: ModelMessage): number;
}

/** Creates a counter. */
export function createTokenCounter(countText: CountText): TokenCounter {
  const seen = new Map<string, number>();

  function count(text: string): number {
    const known = seen.get(text);
    if (known !== undefined) return known;
    const tokens = countText(text);
    seen.set(text, tokens);
    return tokens;
  }

  const countAll = (pieces: readonly string[]) => pieces.reduce((sum, piece) => sum + count(piece), 0);
  const countMessage = ({ content }: ModelMessage) => countAll(toPieces(content));

  return {
    countMessage,
    countRequest: ({ system = "", tools = [], messages }) =>
      countAll(toPieces(system)) +
      countAll(tools.map((tool) => JSON.stringify(tool))) +
      messages.reduce((sum, message) => sum + countMessage(message), 0),
  };
}

function toPieces(content: string | readonly ContentBlock[]): readonly string[] {
  return typeof content === "string" ? [content] : content.flatMap(toBlockPieces);
}

function toBlockPieces(block: ContentBlock): readonly string[] {
  const { type, text, name, input, content } = block;
  if (type === "text") return [String(text)];
  if (type === "tool_use") return [String(name), ...toInputPieces(input)];
  if (type !== "tool_result") return [JSON.stringify(block)];
  if (typeof content === "string") return [content];
  return Array.isArray(content) ? toPieces(content as readonly ContentBlock[]) : [];
}

/** A script counts as its text, without the escapes that JSON needs for its line ends. */
function toInputPieces(input: unknown): readonly string[] {
  if (typeof input !== "object" || input === null) return [JSON.stringify(input ?? null)];
  const texts = Object.values(input);
  const isScript = texts.length === 1 && typeof texts[0] === "string" && texts[0].includes("\n");
  return isScript ? [...Object.keys(input), String(texts[0])] : [JSON.stringify(input)];
}
