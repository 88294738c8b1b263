import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Server, type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { TEST_IMAGE, listContainersOf, probeDocker, runCell } from "../../../../test/docker-engine.ts";
import { requireOrSkip } from "../../../../test/require.ts";
import { docker } from "../docker.ts";
import { resolveEngineAddress } from "../engine-address.ts";
import { openEngine } from "../engine.ts";

const TIMEOUT_MS = 10_000;

/** Passes connections on to the machine's daemon. */
function passOn(near: Socket): void {
  const { path } = resolveEngineAddress(undefined, {}).transport as { path: string };
  const far = connect({ path, allowHalfOpen: true });
  near.on("error", () => far.destroy());
  far.on("error", () => near.destroy());
  near.pipe(far).pipe(near);
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "toolscript-transport-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A whole life of a session: frames both ways, more than a pipe holds, and its end. */
async function expectSession(host: string): Promise<void> {
  const sandbox = docker({ image: TEST_IMAGE, host });
  const session = await sandbox.open();
  expect(await runCell(session, "print('x' * 300_000)")).toHaveLength(300_001);
  await session.close();
  await sandbox.close();
  expect(await listContainersOf()).toEqual([]);
}

const openVersion = async (host: string, environment?: NodeJS.ProcessEnv): Promise<string> =>
  await openEngine(resolveEngineAddress(host, environment), TIMEOUT_MS).version();

/** A certificate for `localhost` and its authority, as `DOCKER_CERT_PATH` has them. */
function makeCertificates(): string {
  const folder = temporaryFolder();
  const run = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  run("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test", "-days", "2");
  run("req", ...key, "-keyout", "key.pem", "-out", "request", "-subj", "/CN=localhost");
  writeFileSync(join(folder, "names"), "subjectAltName=DNS:localhost\n");
  const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
  run("x509", "-req", "-in", "request", ...signer, "-extfile", "names", "-out", "cert.pem");
  return folder;
}

/** A server that wants a certificate of the client, too. */
async function openTlsWay(folder: string): Promise<number> {
  const read = (name: string) => readFileSync(join(folder, name));
  const identity = { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
  const options = { ...identity, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true };
  return await listen(createTlsServer(options, passOn).on("tlsClientError", () => {}));
}

describe.skipIf(await requireOrSkip("docker", probeDocker))("a daemon", () => {
  test("over TCP holds a session", async () => {
    const port = await listen(createServer({ allowHalfOpen: true }, passOn));
    await expectSession(`tcp://127.0.0.1:${port}`);
  });

  test("over ssh holds a session, and the program is told no more than where to", async () => {
    const folder = installSsh('while [ "$1" != "--" ]; do shift; done; shift 2; exec "$@"');
    await expectSession("ssh://me@engine:2222");
    const calls = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
    expect([...new Set(calls)]).toEqual([
      "-T -o BatchMode=yes -o ConnectTimeout=30 -l me -p 2222 -- engine docker system dial-stdio",
    ]);
  });
});

const probeOpenssl = () => execFileSync("openssl", ["version"]).toString();
const skipTls =
  (await requireOrSkip("docker", probeDocker)) || (await requireOrSkip("openssl", probeOpenssl));

describe.skipIf(skipTls)("a daemon over TLS", () => {
  afterEach(() => void vi.unstubAllEnvs());

  test("holds a session when both know each other", async () => {
    const folder = makeCertificates();
    const port = await openTlsWay(folder);
    vi.stubEnv("DOCKER_TLS_VERIFY", "1");
    vi.stubEnv("DOCKER_CERT_PATH", folder);
    await expectSession(`tcp://localhost:${port}`);
  });

  test.each([
    ["of an authority that is not known", () => ({ DOCKER_CERT_PATH: makeCertificates() })],
    ["without certificates of its own", () => ({})],
  ])("is not spoken to %s", async (_what, environment) => {
    const port = await openTlsWay(makeCertificates());
    const asking = openVersion(`https://localhost:${port}`, environment());
    await expect(asking).rejects.toMatchObject({ code: "docker-unreachable" });
  });

  test("is not spoken to when its certificate is for another name", async () => {
    const folder = makeCertificates();
    const port = await openTlsWay(folder);
    const asking = openVersion(`https://127.0.0.1:${port}`, { DOCKER_CERT_PATH: folder });
    await expect(asking).rejects.toThrow("ERR_TLS_CERT_ALTNAME_INVALID");
  });
});

/** Puts a program `ssh` in front of the machine's own. It writes down its arguments. */
function installSsh(program: string): string {
  const folder = temporaryFolder();
  const path = join(folder, "ssh");
  writeFileSync(path, `#!/bin/sh\necho "$*" >> "${folder}/calls"\n${program}\n`);
  chmodSync(path, 0o755);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"]}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  return folder;
}

describe("a daemon over ssh", () => {
  test("is unreachable with what ssh says when ssh fails", async () => {
    installSsh('echo "me@engine: Permission denied (publickey)." >&2; exit 255');
    const asking = openVersion("ssh://me@engine");
    await expect(asking).rejects.toMatchObject({ code: "docker-unreachable" });
    await expect(asking).rejects.toThrow('(ssh ended with "255": me@engine: Permission denied (publickey).)');
  });

  test("is unreachable when there is no ssh", async () => {
    vi.stubEnv("PATH", temporaryFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(openVersion("ssh://me@engine")).rejects.toThrow(
      '("ssh" cannot be started: spawn ssh ENOENT)',
    );
  });

  test("that does not answer is given up, and its ssh ended", async () => {
    const folder = installSsh(
      'trap "echo ended >> $0.ended; exit" TERM; echo $$ > "$0.pid"; while :; do sleep 0.05; done',
    );
    const engine = openEngine(resolveEngineAddress("ssh://engine"), 1_500);
    await expect(engine.version()).rejects.toMatchObject({ code: "sandbox-timeout" });
    await vi.waitUntil(() => readFileSync(join(folder, "ssh.ended"), { flag: "a+" }).toString() !== "", {
      timeout: TIMEOUT_MS,
    });
  });
});
