import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createUserFolder } from "../../../test/user-folder.ts";
import { ToolscriptError } from "../../errors.ts";
import { hashApiKey } from "./api-key.ts";
import { addKey, removeKey } from "./edit-key-file.ts";
import { parseEnvironmentKeys } from "./environment-keys.ts";
import { followKeyFile, readKeyFile } from "./key-file.ts";
import type { KeyRecord } from "./key-record.ts";

const SECRET = "a-secret-of-the-user-that-no-error-may-hold";

describe("addKey", () => {
  test("addKey() writes the hash only and keeps the other keys when a key is added", async () => {
    await using folder = await createUserFolder({});
    const path = join(folder.path, "keys.json");
    const first = await addKey(path, { name: "a", models: ["claude-*"] });
    const second = await addKey(path, { name: "b", limits: { requestsPerMinute: 5 } });
    const text = await readFile(path, "utf8");
    expect(text).not.toContain(first);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readKeyFile(path)).toMatchObject([
      { name: "a", sha256: hashApiKey(first), models: ["claude-*"] },
      { name: "b", sha256: hashApiKey(second), limits: { requestsPerMinute: 5 } },
    ]);
  });

  test("addKey() refuses a name that is taken or no name", async () => {
    await using folder = await createUserFolder({});
    const path = join(folder.path, "keys.json");
    await addKey(path, { name: "a" });
    await expect(addKey(path, { name: "a" })).rejects.toThrow("already has a key of that name");
    await expect(addKey(path, { name: "a b" })).rejects.toThrow("keys.1.name");
    expect(await readKeyFile(path)).toHaveLength(1);
  });

  test("removeKey() removes one key and refuses a name that is not there", async () => {
    await using folder = await createUserFolder({});
    const path = join(folder.path, "keys.json");
    await addKey(path, { name: "a" });
    await addKey(path, { name: "b" });
    await removeKey(path, "a");
    expect((await readKeyFile(path)).map(({ name }) => name)).toEqual(["b"]);
    await expect(removeKey(path, "a")).rejects.toThrow("has no key of that name");
  });
});

describe("readKeyFile", () => {
  test.each([
    ["is no JSON", `{"keys": [${SECRET}`, "it is not valid JSON"],
    ["has no keys", "{}", "keys:"],
    [
      "holds a key instead of its hash",
      `{"keys":[{"name":"a","sha256":"${SECRET}"}]}`,
      "keys.0.sha256: expected 64",
    ],
    [
      "has an unknown field",
      `{"keys":[{"name":"a","sha256":"${"0".repeat(64)}","key":"${SECRET}"}]}`,
      "keys.0",
    ],
    [
      "has two keys of one name",
      JSON.stringify({
        keys: [
          { name: "a", sha256: "0".repeat(64) },
          { name: "a", sha256: "1".repeat(64) },
        ],
      }),
      'same name; one is named "a"',
    ],
  ])("readKeyFile() says what is wrong and quotes no value when the file %s", async (_name, text, reason) => {
    await using folder = await createUserFolder({ "keys.json": text });
    const error: unknown = await readKeyFile(join(folder.path, "keys.json")).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ToolscriptError);
    expect(String(error)).toContain(reason);
    expect(String(error)).not.toContain(SECRET);
  });
});

describe("followKeyFile", () => {
  /** Follows a file; `next` resolves with what is heard next. */
  function follow(path: string) {
    let heard = Promise.withResolvers<readonly KeyRecord[] | ToolscriptError>();
    const hear = (value: readonly KeyRecord[] | ToolscriptError): void => {
      heard.resolve(value);
      heard = Promise.withResolvers();
    };
    const file = followKeyFile(path, { onKeys: hear, onError: hear, pollMs: 20 });
    return { file, next: () => heard.promise };
  }

  test("followKeyFile() hears of new keys when the file is replaced, and of why when it is broken", async () => {
    await using folder = await createUserFolder({});
    const path = join(folder.path, "keys.json");
    await addKey(path, { name: "a" });
    const { file, next } = follow(path);
    try {
      const added = next();
      await addKey(path, { name: "b" });
      expect(await added).toMatchObject([{ name: "a" }, { name: "b" }]);
      const broken = next();
      await writeFile(path, "{");
      expect(await broken).toBeInstanceOf(ToolscriptError);
      const gone = next();
      await rename(path, `${path}.old`);
      expect(await gone).toMatchObject({ message: expect.stringContaining("ENOENT") as string });
    } finally {
      file.close();
    }
  });

  test("reload() reads the file at once when it is asked", async () => {
    await using folder = await createUserFolder({});
    const path = join(folder.path, "keys.json");
    await addKey(path, { name: "a" });
    const { file, next } = follow(path);
    const heard = next();
    await file.reload();
    file.close();
    expect(await heard).toMatchObject([{ name: "a" }]);
  });
});

describe("parseEnvironmentKeys", () => {
  test("parseEnvironmentKeys() hashes keys and takes hashes when given a list", () => {
    const hash = hashApiKey("x");
    expect(parseEnvironmentKeys(`app=${SECRET}, batch=sha256:${hash}`)).toEqual([
      { name: "app", sha256: hashApiKey(SECRET) },
      { name: "batch", sha256: hash },
    ]);
  });

  test("parseEnvironmentKeys() takes the JSON of a keys file", () => {
    const keys = [{ name: "app", sha256: hashApiKey("x"), models: ["claude-*"] }];
    expect(parseEnvironmentKeys(JSON.stringify({ keys }))).toEqual(keys);
  });

  test.each([
    ["a key without a name", SECRET, "entry 1"],
    ["a short key", "app=short", "5 characters"],
    ["a bad name", `a b=${SECRET}`, "keys.0.name"],
  ])("parseEnvironmentKeys() refuses %s and quotes no key", (_name, value, reason) => {
    expect(() => parseEnvironmentKeys(value)).toThrow(reason);
    expect(() => parseEnvironmentKeys(value)).not.toThrow(SECRET);
  });
});
