import { afterEach, expect, test, vi } from "vitest";
import { tell } from "./observer.ts";

const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
afterEach(() => warnings.mockClear());

const REVOKED = Proxy.revocable({}, {});
REVOKED.revoke();

test.each<[string, unknown]>([
  ["an error", new Error("it broke")],
  ["an object without a prototype", Object.create(null)],
  ["a revoked proxy", REVOKED.proxy],
  ["nothing", undefined],
])("tell() warns once of an observer that throws %s", async (_title, thrown) => {
  const throws = vi.fn(() => {
    throw thrown;
  });
  const rejects = vi.fn(() => Promise.reject(thrown as Error));
  for (const observer of [throws, rejects]) {
    tell(observer, 1);
    tell(observer, 2);
    await new Promise(setImmediate);
    expect(observer.mock.calls).toEqual([[1], [2]]);
  }
  expect(warnings).toHaveBeenCalledTimes(2);
  expect(warnings.mock.calls[0]?.[0]).toMatch(/^An observer that was told of an event failed: /);
});

test("tell() does nothing without an observer", () => {
  tell(undefined, 1);
  expect(warnings).not.toHaveBeenCalled();
});
