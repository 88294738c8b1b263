/**
 * What probes of the WASM sandbox try to reach on this host. Each holds a secret.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabValues } from "../script-run.ts";

/** Everything that is there to be reached. */
export interface WasmLab {
  readonly secret: string;
  readonly values: LabValues;
  /** What the listener was sent. */
  readonly received: string[];
  /** A folder with a file that holds the secret, in which files may appear. */
  readonly folder: string;
  /** A process on this host. */
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/** Sets everything up. */
export async function openWasmLab(): Promise<WasmLab> {
  const secret = `secret-${randomBytes(12).toString("hex")}`;
  const folder = await mkdtemp(join(tmpdir(), "toolscript-probe-"));
  await writeFile(join(folder, "secret.txt"), secret);
  await writeFile(join(folder, "module.mjs"), `export const found = "${secret}";`);
  process.env["TOOLSCRIPT_PROBE_SECRET"] = secret;
  const received: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      received.push(data.toString("latin1"));
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: ${secret.length}\r\nConnection: close\r\n\r\n${secret}`,
      );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const child = spawn("sleep", ["600"], {
    stdio: "ignore",
    env: { TOOLSCRIPT_PROBE_SECRET: secret, PATH: process.env["PATH"] },
  });
  return {
    secret,
    received,
    folder,
    process: child,
    values: {
      port: (server.address() as AddressInfo).port,
      folder,
      file: join(folder, "secret.txt"),
      pid: child.pid ?? 0,
      hostPid: process.pid,
    },
    async close() {
      delete process.env["TOOLSCRIPT_PROBE_SECRET"];
      child.kill("SIGKILL");
      server.close();
      await rm(folder, {
        recursive: true,
        force: true,
      });
    },
  };
}
