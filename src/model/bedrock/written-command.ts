/**
 * Commands of the AWS SDK with a large input. The SDK writes an input as JSON in one go, however large it is; such a one is
 * written here, in shares of a turn, and takes the place of what the SDK has written of a command without it.
 */
import { writeJson, writeLightJson } from "../../json/write-json.ts";

/** What is needed of a command; the SDK's own type knows every middleware there is. */
interface Command {
  readonly middlewareStack: { add(middleware: never, options: object): void };
}

/** A request on its way through the SDK. */
interface MiddlewareArguments {
  readonly request: { body: unknown };
}

type Next = (args: MiddlewareArguments) => Promise<unknown>;

/**
 * Makes a command.
 *
 * @param input - its members that travel in the body
 * @param create - makes the command, with these members or without
 */
export async function toCommand<Input extends object, Made extends Command>(
  input: Input,
  create: (input: Input | Record<string, never>) => Made,
): Promise<Made> {
  return writeLightJson(input) === undefined ? withBody(create({}), await writeJson(input)) : create(input);
}

/** Gives a command without an input its body. */
export function withBody<Made extends Command>(command: Made, body: Buffer): Made {
  const middleware = (next: Next) => (args: MiddlewareArguments) => {
    args.request.body = body;
    return next(args);
  };
  // After the SDK has written the body, before it counts and signs it.
  command.middlewareStack.add(middleware as never, {
    step: "serialize",
    priority: "low",
    name: "writtenBody",
  });
  return command;
}
