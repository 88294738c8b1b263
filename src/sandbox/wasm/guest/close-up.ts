/**
 * The end of the guest's own start: from here on it trusts nothing that it runs.
 *
 * To be called before any Python runs, once everything has been read and every thread has been started.
 */
import { closeGlobals } from "./close-globals.ts";
import { giveUp, openWall } from "./wall.ts";

/** Takes the host's order for the wall (see `wall.ts`; empty for none) and hands out what raises it and closes the rest. */
export function prepareToCloseUp(wallOrder: string): () => void {
  const wall = wallOrder === "" ? undefined : openWall(wallOrder);
  return () => {
    wall?.raise();
    giveUp("read");
    closeGlobals();
  };
}
