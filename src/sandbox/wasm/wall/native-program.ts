/**
 * What the header of a Linux program (ELF) says: the machine it is for, and so the C library that it will have loaded.
 *
 * A guest calls the kernel through that library. Another one of the same name elsewhere would be a second one in the same
 * process; that is why it is looked for beside the loader that the program itself names.
 */
import { closeSync, existsSync, openSync, readSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Machine } from "./system-calls.ts";

/** A program for Linux. */
export interface NativeProgram {
  readonly machine: Machine;
  /** Real path of the C library. */
  readonly libc: string;
}

const MAGIC = Buffer.from("\x7fELF", "latin1");
const CLASS_AT = 4;
const CLASS_64 = 2;
const MACHINE_AT = 18;
const MACHINES: ReadonlyMap<number, Machine> = new Map([
  [62, "x86_64"],
  [183, "aarch64"],
]);
const HEADER_BYTES = 64;

/** The table of segments: where it is, how long an entry is, and how many there are. */
const TABLE_AT = 32;
const ENTRY_BYTES_AT = 54;
const ENTRIES_AT = 56;

/** A segment that holds the path of the program's loader. */
const INTERPRETER = 3;
const OFFSET_IN_ENTRY = 8;
const SIZE_IN_ENTRY = 32;

/** glibc's name for itself. musl's loader is its C library. */
const GLIBC = "libc.so.6";
const MUSL_LOADER = /^(?:ld-musl-.*|libc\.so)$/;

/** Reads the header of the program at `path`. @throws an `Error` that says what is not as it is needed */
export function readNativeProgram(path: string): NativeProgram {
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(file, header, 0, HEADER_BYTES, 0);
    if (!header.subarray(0, MAGIC.length).equals(MAGIC) || header[CLASS_AT] !== CLASS_64) {
      throw new Error(`"${path}" is no native program of 64 bits`);
    }
    const machine = MACHINES.get(header.readUInt16LE(MACHINE_AT));
    if (machine === undefined) throw new Error(`"${path}" is for a machine without a table of system calls`);
    return { machine, libc: findLibc(path, loaderOf(file, header)) };
  } finally {
    closeSync(file);
  }
}

function loaderOf(file: number, header: Buffer): string | undefined {
  const entryBytes = header.readUInt16LE(ENTRY_BYTES_AT);
  const table = readAt(
    file,
    Number(header.readBigUInt64LE(TABLE_AT)),
    entryBytes * header.readUInt16LE(ENTRIES_AT),
  );
  for (let at = 0; at < table.length; at += entryBytes) {
    if (table.readUInt32LE(at) !== INTERPRETER) continue;
    const offset = Number(table.readBigUInt64LE(at + OFFSET_IN_ENTRY));
    const text = readAt(file, offset, Number(table.readBigUInt64LE(at + SIZE_IN_ENTRY)));
    return text.toString("utf8").replace(/\0$/, "");
  }
  return undefined;
}

function findLibc(path: string, loader: string | undefined): string {
  if (loader === undefined || !existsSync(loader)) {
    throw new Error(`"${path}" names no loader that is here, wanted one, found "${loader ?? "none"}"`);
  }
  const real = realpathSync(loader);
  const libc = MUSL_LOADER.test(basename(real)) ? real : join(dirname(real), GLIBC);
  if (!existsSync(libc)) throw new Error(`the C library "${libc}" does not exist`);
  return realpathSync(libc);
}

function readAt(file: number, position: number, bytes: number): Buffer {
  const target = Buffer.alloc(bytes);
  const count = readSync(file, target, 0, bytes, position);
  if (count < bytes) throw new Error("the program's header is cut off");
  return target;
}
