import { describe, expect, test } from "vitest";
import { createUserFolder } from "../../../test/user-folder.ts";
import { checkCredentials, checkRegion } from "./check-aws.ts";

const NO_HOME = "/nonexistent";

describe("checkCredentials()", () => {
  test("checkCredentials() names the variable and never its value when one is set", () => {
    const check = checkCredentials({ AWS_BEARER_TOKEN_BEDROCK: "very-secret" }, NO_HOME);
    expect(check.status).toBe("ok");
    expect(check.detail).toContain("AWS_BEARER_TOKEN_BEDROCK");
    expect(JSON.stringify(check)).not.toContain("very-secret");
  });

  test("checkCredentials() says the command that mends it when there are none", () => {
    expect(checkCredentials({ AWS_ACCESS_KEY_ID: "" }, NO_HOME)).toMatchObject({
      status: "warning",
      fix: expect.stringContaining("aws configure") as unknown,
    });
  });

  test("checkCredentials() sees the shared file when AWS_SHARED_CREDENTIALS_FILE names one", async () => {
    await using folder = await createUserFolder({ keys: "[default]\naws_access_key_id = X" });
    const env = { AWS_SHARED_CREDENTIALS_FILE: `${folder.path}/keys` };
    expect(checkCredentials(env, NO_HOME).status).toBe("ok");
  });
});

describe("checkRegion()", () => {
  test("checkRegion() prefers the environment when the config file has a region, too", async () => {
    await using folder = await createUserFolder({ config: "[default]\nregion = eu-west-1\n" });
    const env = { AWS_CONFIG_FILE: `${folder.path}/config` };
    expect(checkRegion(env, NO_HOME).detail).toContain("eu-west-1");
    expect(checkRegion({ ...env, AWS_REGION: "us-east-2" }, NO_HOME).detail).toContain("us-east-2");
    expect(checkRegion({}, NO_HOME).status).toBe("warning");
  });
});
