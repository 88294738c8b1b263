import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { checkHost, readHostIdentity } from "./host-identity.ts";

const self = readHostIdentity();

describe("checkHost()", () => {
  test("says that this process is alive", () => {
    expect(checkHost(self)).toBe("alive");
  });

  test("says that a process which has ended is dead", async () => {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(child, "exit");
    expect(checkHost({ ...self, pid: child.pid ?? 0 })).toBe("dead");
  });

  test.runIf(process.platform === "linux")(
    "says that a process is dead when its id belongs to one that started later",
    () => {
      expect(checkHost({ ...self, startedAt: "1" })).toBe("dead");
    },
  );

  test("does not know of processes of another machine, another boot or another id space", () => {
    expect(checkHost({ ...self, machine: "elsewhere" })).toBe("unknown");
  });

  test("takes a running process without a known start for alive", () => {
    expect(checkHost({ ...self, startedAt: "" })).toBe("alive");
  });
});
