import { describe, expect, test } from "vitest";
import { type AccessRequest, refuseForeign, refusePage } from "./foreign-request.ts";

const HOST = "localhost:8787";

function request(
  headers: Readonly<Record<string, string>>,
  more: Partial<AccessRequest> = {},
): AccessRequest {
  const url = `http://${HOST}/v1/messages`;
  const known = { remoteAddress: "127.0.0.1", method: "POST", path: "/v1/messages", url };
  return { headers: new Headers(headers), ...known, ...more };
}

describe("refuseForeign()", () => {
  test.each([
    "localhost",
    "LocalHost:8787",
    "127.0.0.1",
    "127.0.0.1:8787",
    "127.3.2.1:80",
    "[::1]",
    "[::1]:8787",
  ])("lets in the host %s", (host) => {
    expect(refuseForeign(request({ host }, { url: `http://${host}/` }))).toBeUndefined();
  });

  test.each([
    "attacker.example",
    "attacker.example:8787",
    "localhost.attacker.example",
    "127.0.0.1.attacker.example",
    "localhost:8787@attacker.example",
    "localhost.",
    "0.0.0.0:8787",
    "127.1",
    "2130706433",
    "[::]:8787",
    "[::ffff:7f00:1]",
    "localhost:8787, attacker.example",
    "xlocalhost",
    "",
  ])("refuses the host %j", (host) => {
    expect(refuseForeign(request({ host }))?.status).toBe(403);
  });

  test("refuses a request without a host that came by a socket, and one for another address", () => {
    expect(refuseForeign(request({}))?.status).toBe(403);
    expect(refuseForeign(request({ host: HOST }, { url: "http://attacker.example/" }))?.status).toBe(403);
    const inside = { remoteAddress: undefined, url: "http://proxy/v1/messages" };
    expect(refuseForeign(request({}, inside))).toBeUndefined();
    expect(refuseForeign(request({ host: "attacker.example" }, inside))?.status).toBe(403);
  });

  test.each(["http://localhost:3000", "https://localhost", "http://127.0.0.1:8787", "http://[::1]:1"])(
    "lets in a page of %s",
    (origin) => expect(refuseForeign(request({ host: HOST, origin }))).toBeUndefined(),
  );

  test.each([
    "https://attacker.example",
    "http://localhost.attacker.example",
    "http://localhost:1@attacker.example",
    "null",
    "file://",
    "chrome-extension://abcdefgh",
    "",
  ])("refuses a page of %j", (origin) => {
    expect(refuseForeign(request({ host: HOST, origin }))?.status).toBe(403);
  });

  test("refuses what a browser calls cross-site", () => {
    const sites = ["cross-site", "same-site", "same-origin", "none"];
    const refused = sites.filter((site) => refuseForeign(request({ host: HOST, "sec-fetch-site": site })));
    expect(refused).toEqual(["cross-site"]);
  });

  test.each(["203.0.113.7", "10.0.0.1", "::", "::2", "unknown", "", "127.0.0.1.example", "::ffff:10.0.0.1"])(
    "refuses the address %j",
    (remoteAddress) => expect(refuseForeign(request({ host: HOST }, { remoteAddress }))?.status).toBe(403),
  );
});

describe("refusePage()", () => {
  test("refuses pages, and nobody who typed the address", () => {
    expect(refusePage(request({ host: "metrics.internal" }))).toBeUndefined();
    expect(refusePage(request({ "sec-fetch-site": "none" }))).toBeUndefined();
    for (const headers of [{ "sec-fetch-site": "same-origin" }, { origin: "null" }]) {
      expect(refusePage(request(headers))?.status).toBe(403);
    }
  });
});
