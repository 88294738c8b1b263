/**
 * A connection to the daemon of another machine through the `ssh` program, as the docker command makes it: on the other
 * side `docker system dial-stdio` joins its standard streams to the daemon's socket.
 *
 * Keys, known hosts and jump hosts are those of the user's ssh configuration. It never asks for a password. It knows
 * nothing of HTTP.
 *
 * @see https://docs.docker.com/engine/security/protect-access/#use-ssh-to-protect-the-docker-daemon-socket
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Duplex } from "node:stream";

/** Another machine. */
export interface SshTarget {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
}

const CONNECT_TIMEOUT_SECONDS = 30;
/** Of what ssh says, the end is kept, for the error. */
const MAX_SAID_CHARACTERS = 300;

/** Starts `ssh`. The connection fails with what ssh said when it, or the program on the other side, fails. */
export function openSshConnection(target: SshTarget): Duplex {
  return new SshConnection(spawn("ssh", sshArguments(target), { windowsHide: true }));
}

function sshArguments({ host, port, user }: SshTarget): string[] {
  const options = ["-T", "-o", "BatchMode=yes", "-o", `ConnectTimeout=${CONNECT_TIMEOUT_SECONDS}`];
  if (user !== undefined) options.push("-l", user);
  if (port !== undefined) options.push("-p", String(port));
  return [...options, "--", host, "docker", "system", "dial-stdio"];
}

class SshConnection extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #said = "";

  constructor(child: ChildProcessWithoutNullStreams) {
    super({ allowHalfOpen: false });
    this.#child = child;
    child.stdin.on("error", () => {}); // the end of the process tells why
    child.stdout.on("data", (chunk: Buffer) => void (this.push(chunk) || child.stdout.pause()));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-MAX_SAID_CHARACTERS);
    });
    child.once("error", (cause) => {
      this.destroy(new Error(`"ssh" cannot be started: ${cause.message}`, { cause }));
    });
    // Not before: an end of the stream would be taken for an answer that was cut, not for what ssh says of it.
    child.once("close", (code, signal) => this.#onClose(code ?? signal));
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#child.stdin.write(chunk, () => callback());
  }

  override _final(callback: () => void): void {
    this.#child.stdin.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#child.kill();
    callback(error);
  }

  #onClose(ended: number | NodeJS.Signals | null): void {
    if (ended === 0) {
      this.push(null);
      return;
    }
    const said = this.#said.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
    this.destroy(new Error(`ssh ended with "${ended}"${said === "" ? "" : `: ${said}`}`));
  }
}
