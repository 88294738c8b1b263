/**
 * Reads single fields out of an answer, each held against its type: what answers may be broken, or no daemon.
 */
import { UnexpectedAnswerError } from "./answer-errors.ts";

interface FieldTypes {
  string: string;
  number: number;
  boolean: boolean;
  object: Readonly<Record<string, unknown>>;
}

/**
 * Reads the field at `path` (`State.Running`).
 *
 * @throws {UnexpectedAnswerError} naming the field and the wanted type
 */
export function readField<Type extends keyof FieldTypes>(
  answer: unknown,
  path: string,
  type: Type,
): FieldTypes[Type] {
  const value = findField(answer, path);
  if (typeof value === type && value !== null) return value as FieldTypes[Type];
  throw new UnexpectedAnswerError(`has no field "${path}" that is of type "${type}"`);
}

/** The field at `path` when it is of this type; otherwise undefined. */
export function findObject(answer: unknown, path: string): FieldTypes["object"] | undefined {
  const value = findField(answer, path);
  return typeof value === "object" && value !== null ? (value as FieldTypes["object"]) : undefined;
}

function findField(answer: unknown, path: string): unknown {
  let value = answer;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
