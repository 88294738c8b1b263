/**
 * Stands between the AWS SDK and the bodies of answers, which the SDK would read whole, whatever their size.
 */
import { Readable } from "node:stream";
import { tooMuch } from "./event-stream.ts";

/** Bytes of an answer that is no output of code: a session's id, an error. */
const MAX_SMALL_ANSWER_BYTES = 64 * 1024;

/** What the SDK knows as the response: of HTTP, as far as it matters here. */
interface HttpAnswer {
  readonly statusCode: number;
  body: unknown;
}

type Body = AsyncIterable<Uint8Array>;

/** Sends a request, or asks the next one to. */
type Handler = (given: unknown) => Promise<{ readonly response: HttpAnswer }>;

/** A stack of the SDK's, as it is used here: its own type cannot be named without one more dependency. */
interface HandlerStack {
  add(middleware: (next: Handler) => Handler, options: object): void;
}

/** Before anything of the SDK has looked at the answer. */
const NEAREST_TO_THE_WIRE = { step: "deserialize", priority: "low", override: true } as const;

/**
 * Keeps the body of one successful answer away from the SDK, which sees an empty one. For the stack of a command.
 *
 * @returns what gives the body once the answer has come
 */
export function takeBody(stack: object): () => Body {
  let taken: Body = Readable.from([]);
  onAnswer(stack, "toolscriptTakeBody", (answer) => {
    if (answer.statusCode !== 200) return;
    taken = answer.body as Body;
    if (answer.body instanceof Readable) answer.body.on("error", () => {}); // told to whoever reads it
    answer.body = Readable.from([]);
  });
  return () => taken;
}

/** Has reading an answer fail when it is large. For the stack of a client. @throws {ToolscriptError} `work-limit` */
export function keepAnswersSmall(stack: object): void {
  onAnswer(stack, "toolscriptKeepSmall", (answer) => {
    if (isBody(answer.body)) answer.body = Readable.from(bounded(answer.body), { objectMode: false });
  });
}

function onAnswer(stack: object, name: string, use: (answer: HttpAnswer) => void): void {
  const middleware =
    (next: Handler): Handler =>
    async (args) => {
      const result = await next(args);
      use(result.response);
      return result;
    };
  (stack as HandlerStack).add(middleware, { ...NEAREST_TO_THE_WIRE, name });
}

async function* bounded(body: Body): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_SMALL_ANSWER_BYTES) throw tooMuch(`it has more than "${MAX_SMALL_ANSWER_BYTES}" bytes`);
    yield chunk;
  }
}

function isBody(body: unknown): body is Body {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}
