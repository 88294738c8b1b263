/**
 * Functions of the user that are told of something and have no say in it.
 */
import { shorten, toErrorMessage } from "./errors.ts";

/** Told of events. What it returns counts for nothing. */
export type Observer<Event> = (event: Event) => unknown;

const hasFailed = new WeakSet<object>();

/**
 * Tells an observer. What it throws, or its promise rejects with, changes nothing for whoever tells: a warning of the
 * process says so, once for each observer.
 */
export function tell<Event>(observer: Observer<Event> | undefined, event: Event): void {
  if (observer === undefined) return;
  try {
    const told = observer(event);
    if (told instanceof Promise) told.catch((error: unknown) => warn(observer, error));
  } catch (error) {
    warn(observer, error);
  }
}

function warn(observer: object, error: unknown): void {
  if (hasFailed.has(observer)) return;
  hasFailed.add(observer);
  const message = `An observer that was told of an event failed: ${shorten(toErrorMessage(error))}`;
  process.emitWarning(message, { type: "ToolscriptWarning" });
}
