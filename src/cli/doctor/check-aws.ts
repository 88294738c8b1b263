/**
 * Where AWS credentials and the region would come from. Says which source, never what is in it.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Check } from "./check.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables, each of which is a source of credentials, with what it stands for. */
const CREDENTIAL_VARIABLES: readonly (readonly [name: string, source: string])[] = [
  ["AWS_BEARER_TOKEN_BEDROCK", "a Bedrock API key"],
  ["AWS_ACCESS_KEY_ID", "an access key"],
  ["AWS_PROFILE", "a named profile"],
  ["AWS_WEB_IDENTITY_TOKEN_FILE", "a web identity"],
  ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "the role of a container"],
  ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "the role of a container"],
];

/** Whether some source of credentials is set up. They are not tried: that would call AWS. */
export function checkCredentials(env: Environment, home: string = homedir()): Check {
  const name = "AWS credentials";
  const variable = CREDENTIAL_VARIABLES.find(([key]) => isSet(env[key]));
  if (variable !== undefined) {
    return { name, status: "ok", detail: `${variable[1]}, from ${variable[0]} (not tried)` };
  }
  const file = env["AWS_SHARED_CREDENTIALS_FILE"] ?? join(home, ".aws", "credentials");
  if (readText(file) !== "") return { name, status: "ok", detail: `the shared credentials file (not tried)` };
  const config = readText(env["AWS_CONFIG_FILE"] ?? join(home, ".aws", "config"));
  if (/^\s*(?:credential_process|login_session|role_arn|sso_session|sso_start_url)\s*=/m.test(config)) {
    return { name, status: "ok", detail: "the shared config file (not tried)" };
  }
  return {
    name,
    status: "warning",
    detail: "none found; needed for Bedrock and AgentCore. The role of an EC2 instance is not looked for",
    fix: "aws configure, or set AWS_BEARER_TOKEN_BEDROCK",
  };
}

/** Whether a region is set. */
export function checkRegion(env: Environment, home: string = homedir()): Check {
  const name = "AWS region";
  const variable = ["AWS_REGION", "AWS_DEFAULT_REGION"].find((key) => isSet(env[key]));
  if (variable !== undefined) return { name, status: "ok", detail: `${env[variable]}, from ${variable}` };
  const config = readText(env["AWS_CONFIG_FILE"] ?? join(home, ".aws", "config"));
  const region = /^\s*region\s*=\s*(\S+)/m.exec(config)?.[1];
  if (region !== undefined) return { name, status: "ok", detail: `${region}, from the shared config file` };
  return {
    name,
    status: "warning",
    detail: "not set; needed for Bedrock and AgentCore",
    fix: "export AWS_REGION=us-east-1, or use --region",
  };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return ""; // no such file: the same as an empty one
  }
}

/**
 * The network that scripts have in AgentCore's default interpreter: the service's documentation says so, it is not asked.
 */
export function describeAgentCoreNetwork(): Check {
  return {
    name: "agentcore network",
    status: "ok",
    detail:
      'mode SANDBOX for "aws.codeinterpreter.v1", as documented: no internet, but S3 and DNS stay reachable; see docs/agentcore.md',
  };
}
