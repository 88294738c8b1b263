import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TEST_IMAGE, listContainersOf, probeDocker, testEngine } from "../../../../test/docker-engine.ts";
import { ATTACKER_NAME, type CreateBody, type Target } from "../../../../test/guard/attack.ts";
import { type GuardBench, openGuardBench } from "../../../../test/guard/bench.ts";
import { createAttacks } from "../../../../test/guard/create-attacks.ts";
import { httpAttacks } from "../../../../test/guard/http-attacks.ts";
import { requestAttacks } from "../../../../test/guard/request-attacks.ts";
import { requireOrSkip } from "../../../../test/require.ts";
import { openScriptSession, type ScriptSession } from "../../../script/script-session.ts";
import { stdioBootstrap } from "../../runner-source.ts";
import { containerLabels, containerSpec } from "../container-spec.ts";
import { resolveDockerOptions } from "../docker-options.ts";
import { type DockerSandbox, docker } from "../docker.ts";
import { readHostIdentity } from "../host-identity.ts";

/** All that may reach the daemon while a request is judged: looking at a container, or at an allowed image. */
const LOOKS = /^GET \/(?:containers\/[0-9a-f]{64}|images\/toolscript\/python:debian)\/json HTTP\/1\.1$/;

function validBody(): CreateBody {
  const { container } = resolveDockerOptions({ image: TEST_IMAGE });
  const labels = containerLabels(readHostIdentity(), Date.now());
  return JSON.parse(JSON.stringify(containerSpec(container, stdioBootstrap(), labels))) as CreateBody;
}

/** What the client is told; nothing in the answer to a HEAD, or on a connection that was cut. */
function readMessage(answer: string): unknown {
  const body = Buffer.from(answer.split("\r\n\r\n")[1] ?? "", "latin1").toString();
  return body.startsWith("{") ? (JSON.parse(body) as { message?: unknown }).message : undefined;
}

describe.skipIf(await requireOrSkip("docker", probeDocker))("startGuard() under attack", () => {
  let bench: GuardBench;
  let sandbox: DockerSandbox;
  let session: ScriptSession;
  let target: Target;

  beforeAll(async () => {
    bench = await openGuardBench();
    sandbox = docker({ image: TEST_IMAGE, host: bench.host });
    session = await openScriptSession({ sandbox });
    const victimName = `victim-${randomBytes(4).toString("hex")}`;
    const request = {
      Image: TEST_IMAGE,
      Entrypoint: ["sleep", "600"],
      HostConfig: { NetworkMode: "none", AutoRemove: true },
    };
    const victim = await testEngine.createContainer(request, victimName);
    await victim.start();
    const [own = ""] = await listContainersOf();
    target = { victim: victim.id, victimName, own, body: validBody };
  });

  afterAll(async () => {
    await session.close();
    await sandbox.close();
    await bench.close();
    await testEngine.getContainer(target.victim).remove();
  });

  test("the request that attacks start from is let through when nothing is changed", async () => {
    const answer = await bench.exchange(
      [
        `POST /containers/create?name=toolscript-${randomBytes(8).toString("hex")} HTTP/1.1`,
        "Host: docker",
        `Content-Length: ${Buffer.byteLength(JSON.stringify(validBody()))}`,
        "",
        JSON.stringify(validBody()),
      ].join("\r\n"),
    );
    const [, id = ""] = /"Id":"([0-9a-f]{64})"/.exec(answer) ?? [];
    await testEngine.getContainer(id).remove();
    expect(answer).toContain("201 Created");
  });

  for (const { name, bytes, status = 403, says } of [...createAttacks, ...requestAttacks, ...httpAttacks]) {
    test(`${name} is refused, and nothing of it reaches the daemon`, async () => {
      const [reachedBefore, loggedBefore] = [bench.reached.length, bench.log.length];
      const answer = await bench.exchange(bytes(target));
      const logged = bench.log.slice(loggedBefore).filter(({ event }) => event === "refused");

      // The session that lives meanwhile is measured now and then.
      const figures = `GET /containers/${target.own}/stats?stream=false&one-shot=true HTTP/1.1`;
      const reached = bench.reached
        .slice(reachedBefore)
        .filter((line) => !LOOKS.test(line) && line !== figures);
      const isCut = status === "cut";

      expect(logged).toMatchObject([{ level: "warn", status: isCut ? 400 : status }]);
      expect(logged[0]?.reason).toMatch(says);
      expect(answer).toMatch(isCut ? /^(?!HTTP\/1\.1 4)/ : new RegExp(`^HTTP/1\\.1 ${status} `));
      expect([logged[0]?.reason, undefined]).toContain(readMessage(answer));
      // The first of two requests may get through, the second must not.
      expect(reached.filter((line) => !(isCut && line.includes("/wait?")))).toEqual([]);
    });
  }

  test("afterwards the other container runs as before, no new one is there, and the session still works", async () => {
    const { State, RestartCount, Name } = await testEngine.getContainer(target.victim).inspect();
    expect({ running: State.Running, paused: State.Paused, RestartCount, Name }).toEqual({
      running: true,
      paused: false,
      RestartCount: 0,
      Name: `/${target.victimName}`,
    });
    const made = await testEngine.listContainers({ all: true, filters: { name: [ATTACKER_NAME] } });
    expect(made).toEqual([]);
    const { stdout } = await session.run("print('still here')").result;
    expect(stdout).toBe("still here\n");
  });
});
