/**
 * The devices through which Python talks to the outside: files of Emscripten's file system whose reads and writes
 * copy straight between Python's memory and ours. No JavaScript object is ever handed to Python.
 *
 * | device | `pread(fd, n, position)` | `write` |
 * |---|---|---|
 * | `/dev/toolscript` | bytes from the host; `position` is the patience in microseconds | bytes to the host |
 * | `/dev/toolscript-output` | records of what was written to descriptors 1 and 2 | – |
 * | `/dev/toolscript-process` | nothing, after `position` microseconds | `w`: the next read of frames returns at once; `e` and a byte: ends the process with that code |
 */
import type { DeviceOperations, EmscriptenFileSystem, Pyodide } from "./deno.ts";
import type { MailboxReader } from "./mailbox.ts";

/** A position of this size or more means: wait as long as it takes. Python's driver knows the same number. */
const FOREVER_MICROSECONDS = 2 ** 52;

/** Bytes of stray output that may wait until Python collects them; more is refused as a full device. */
const MAX_STRAY_BYTES = 16 * 1024 * 1024;

/** Emscripten's numbers, which are those of WASI. */
const EINTR = 27;
const ENOSPC = 51;
const EPIPE = 64;

const DEVICE_MAJOR = 240;

/** The process as the devices reach it. */
export interface GuestHost {
  readonly mailbox: MailboxReader;
  /** Writes bytes to the host; at least one of them. */
  readonly write: (bytes: Uint8Array) => number;
  readonly exit: (code: number) => never;
}

/** Makes the devices of frames and of the process. An interrupt ends a wait with `EINTR`, the end with `EPIPE`. */
export function addHostDevices(fileSystem: EmscriptenFileSystem, host: GuestHost): void {
  const { mailbox } = host;
  let woken = false;
  let cut = false;

  addDevice(fileSystem, "/dev/toolscript", {
    read(_stream, memory, offset, length, position) {
      const timeoutMs = woken ? 0 : position >= FOREVER_MICROSECONDS ? Infinity : position / 1000;
      const outcome = mailbox.read(bytesAt(memory, offset, length), timeoutMs);
      if (outcome === "interrupted") throw new fileSystem.ErrnoError(EINTR);
      woken = false;
      if (outcome === "ended") throw new fileSystem.ErrnoError(EPIPE);
      return outcome;
    },
    write: (_stream, memory, offset, length) => host.write(bytesAt(memory, offset, length)),
  });

  addDevice(fileSystem, "/dev/toolscript-process", {
    read(_stream, _memory, _offset, _length, position) {
      // CPython calls again after `EINTR`, for as long as at first: that second call must not wait.
      const wasCut = cut;
      cut = !wasCut && mailbox.sleep(position / 1000);
      if (cut) throw new fileSystem.ErrnoError(EINTR);
      if (mailbox.hasEnded()) host.exit(0);
      return 0;
    },
    write(_stream, memory, offset, length) {
      const [command, code = 0] = bytesAt(memory, offset, length);
      if (command === END_COMMAND) host.exit(code);
      woken = true;
      return length;
    },
  });
}

/** The letter `e`. */
const END_COMMAND = 0x65;

let devices = 0;

function addDevice(fileSystem: EmscriptenFileSystem, path: string, operations: DeviceOperations): void {
  const device = fileSystem.makedev(DEVICE_MAJOR, devices);
  devices += 1;
  fileSystem.registerDevice(device, operations);
  fileSystem.mkdev(path, device);
}

/**
 * Sends what is written to descriptors 1 and 2 past Python's own streams into a queue, from which
 * `/dev/toolscript-output` reads records: one byte for the descriptor, four for the length (little endian), the bytes.
 */
export function addStrayOutputDevice(pyodide: Pyodide): void {
  const queue = createRecordQueue();
  const { FS: fileSystem } = pyodide;
  addDevice(fileSystem, "/dev/toolscript-output", {
    read: (_stream, memory, offset, length) => queue.read(bytesAt(memory, offset, length)),
  });
  const writerOf = (descriptor: number) => ({
    isatty: false,
    write(bytes: Uint8Array): number {
      if (!queue.push(descriptor, bytes)) throw new fileSystem.ErrnoError(ENOSPC);
      return bytes.length;
    },
  });
  pyodide.setStdout(writerOf(1));
  pyodide.setStderr(writerOf(2));
}

/** Emscripten hands over its whole memory, as signed bytes. */
function bytesAt(memory: Int8Array, offset: number, length: number): Uint8Array {
  return new Uint8Array(memory.buffer, memory.byteOffset + offset, length);
}

const RECORD_HEADER_BYTES = 5;

interface RecordQueue {
  /** False when there is no room. */
  push(descriptor: number, bytes: Uint8Array): boolean;
  /** Moves bytes of records into `target`; they may be cut anywhere. */
  read(target: Uint8Array): number;
}

function createRecordQueue(): RecordQueue {
  let chunks: Uint8Array[] = [];
  let waiting = 0;

  return {
    push(descriptor, bytes) {
      if (bytes.length === 0) return true;
      if (waiting + bytes.length > MAX_STRAY_BYTES) return false;
      const record = new Uint8Array(RECORD_HEADER_BYTES + bytes.length);
      record[0] = descriptor;
      new DataView(record.buffer).setUint32(1, bytes.length, true);
      record.set(bytes, RECORD_HEADER_BYTES);
      chunks.push(record);
      waiting += record.length;
      return true;
    },
    read(target) {
      let done = 0;
      let taken = 0;
      for (; taken < chunks.length && done < target.length; taken += 1) {
        const chunk = chunks[taken] ?? new Uint8Array();
        const part = chunk.subarray(0, target.length - done);
        target.set(part, done);
        done += part.length;
        if (part.length < chunk.length) {
          chunks[taken] = chunk.subarray(part.length);
          break;
        }
      }
      if (taken > 0) chunks = chunks.slice(taken);
      waiting -= done;
      return done;
    },
  };
}
