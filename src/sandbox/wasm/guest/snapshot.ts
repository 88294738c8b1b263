/**
 * Reads a snapshot file: what the host has put before it, then Pyodide's own head, then Python's memory.
 */
import { deno, type DenoFile } from "./deno.ts";

/** Bytes before Pyodide's own snapshot. The host writes and checks them. */
const HEADER_BYTES = 48;

/** Pyodide's snapshot begins with numbers of 32 bits; the second one says where the memory begins. */
const WORD_BYTES = 4;

/** An open snapshot. */
export interface Snapshot {
  /** Pyodide's own head, without the memory. */
  readonly head: Uint8Array<ArrayBuffer>;
  /** Reads the memory to the beginning of `target`, once. */
  readMemory(target: Uint8Array): void;
}

/** Opens the file at `path`. @throws when it is too short, or longer than the memory */
export function openSnapshot(path: string): Snapshot {
  const file = deno.openSync(path);
  const start = readFully(file, new Uint8Array(HEADER_BYTES + 2 * WORD_BYTES)).slice(HEADER_BYTES);
  const headBytes = new DataView(start.buffer).getUint32(WORD_BYTES, true);
  const head = new Uint8Array(headBytes);
  head.set(start);
  readFully(file, head.subarray(start.length));
  return {
    head,
    readMemory(target) {
      const count = read(file, target);
      if (count === target.length && file.readSync(new Uint8Array(1)) !== null) {
        throw new Error("The snapshot is larger than Python's memory");
      }
      file.close();
    },
  };
}

function readFully(file: DenoFile, target: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (read(file, target) < target.length) throw new Error("The snapshot ends in its head");
  return target;
}

/** Fills `target` as far as the file goes. */
function read(file: DenoFile, target: Uint8Array): number {
  let done = 0;
  while (done < target.length) {
    const more = file.readSync(target.subarray(done));
    if (more === null) break;
    done += more;
  }
  return done;
}
