/**
 * Tells once that sessions do without the kernel's wall.
 */
import type { WallReport } from "./check-wall.ts";

/** Makes what a sandbox tells each session's wall to. Nothing is told when the user has decided to do without. */
export function createWallWarning(isWanted: boolean): (report: WallReport) => void {
  let isTold = !isWanted;
  return ({ stands, missing }) => {
    if (stands || isTold) return;
    isTold = true;
    process.emitWarning(
      `The WASM sandbox runs without the kernel's wall around its processes: ${missing}. Deno's permissions are its outer ` +
        `wall here; the option "wall" says whether that will do`,
      { type: "ToolscriptWarning" },
    );
  };
}
