import type { RequestListener } from "node:http";
import { describe, expect, test } from "vitest";
import { openStandInDaemon } from "../../../test/stand-in-daemon.ts";
import { resolveEngineAddress } from "./engine-address.ts";
import { openEngine } from "./engine.ts";
import { openDaemon } from "./guard/daemon.ts";

const REQUEST_TIMEOUT_MS = 10_000;
/** What a real daemon was seen to answer after a kill: "gone" is in its listing, and is no container for all else. */
const LISTED = { runs: "running", left: "dead", gone: "dead" };

const answerLikeIt: RequestListener = ({ url = "" }, answer) => {
  const [, name = ""] = /\/containers\/([^/]+)\/json/.exec(url) ?? [];
  const body = name === "" ? Object.entries(LISTED).map(listed) : { Id: name, Config: {}, State: {} };
  const isGone = name === "gone";
  answer.writeHead(isGone ? 404 : 200, { "content-type": "application/json" });
  answer.end(JSON.stringify(isGone ? { message: "No such container: gone" } : body));
};

const listed = ([Id, State]: [string, string]) => ({ Id, State, Labels: {} });

describe("a container that the daemon lists as dead and knows no more", () => {
  test("is none for the reaper", async () => {
    const address = resolveEngineAddress(`unix://${await openStandInDaemon(answerLikeIt)}`);
    const engine = openEngine(address, REQUEST_TIMEOUT_MS);
    expect((await engine.list()).map(({ id }) => id)).toEqual(["runs", "left"]);
  });

  test("takes no place of the guard's maximum", async () => {
    const daemon = openDaemon(await openStandInDaemon(answerLikeIt));
    expect((await daemon.listOurs()).map(({ id }) => id)).toEqual(["runs", "left"]);
  });
});
