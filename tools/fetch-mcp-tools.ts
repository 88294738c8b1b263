/**
 * Fetches the tool lists of real MCP servers anew, for `test/fixtures/mcp-tools`: starts each server, asks it what tools it
 * has, and writes what it says as it is, but for descriptions, which are cut.
 *
 *     npm install --prefix FOLDER/npm PACKAGE…          the packages of NPM_SERVERS
 *     python3 -m venv FOLDER/py && FOLDER/py/bin/pip install PACKAGE…
 *     node tools/fetch-mcp-tools.ts FOLDER
 *
 * FOLDER may have several virtual environments beside each other; each is looked into.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

interface Server {
  readonly package: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const NPM_SERVERS: readonly Server[] = [
  { package: "@modelcontextprotocol/server-filesystem", command: "mcp-server-filesystem", args: ["."] },
  { package: "@modelcontextprotocol/server-everything", command: "mcp-server-everything" },
  { package: "@modelcontextprotocol/server-memory", command: "mcp-server-memory" },
  { package: "@playwright/mcp", command: "playwright-mcp" },
  {
    package: "@notionhq/notion-mcp-server",
    command: "notion-mcp-server",
    env: { NOTION_TOKEN: "ntn_example" },
  },
  {
    package: "@zereight/mcp-gitlab",
    command: "mcp-gitlab",
    env: { GITLAB_PERSONAL_ACCESS_TOKEN: "example", USE_PIPELINE: "true", USE_MILESTONE: "true" },
  },
  { package: "@heroku/mcp-server", command: "heroku-mcp-server", env: { HEROKU_API_KEY: "example" } },
  { package: "chrome-devtools-mcp", command: "chrome-devtools-mcp" },
  { package: "mcp-server-kubernetes", command: "mcp-server-kubernetes" },
  { package: "mongodb-mcp-server", command: "mongodb-mcp-server" },
  { package: "firecrawl-mcp", command: "firecrawl-mcp", env: { FIRECRAWL_API_KEY: "fc-example" } },
  {
    package: "@circleci/mcp-server-circleci",
    command: "mcp-server-circleci",
    env: { CIRCLECI_TOKEN: "example" },
  },
  {
    package: "@brave/brave-search-mcp-server",
    command: "brave-search-mcp-server",
    env: { BRAVE_API_KEY: "example" },
  },
];

const PYTHON_SERVERS: readonly Server[] = [
  {
    package: "mcp-atlassian",
    command: "mcp-atlassian",
    env: {
      JIRA_URL: "https://jira.example.com",
      JIRA_PERSONAL_TOKEN: "example",
      CONFLUENCE_URL: "https://confluence.example.com",
      CONFLUENCE_PERSONAL_TOKEN: "example",
    },
  },
  { package: "mcp-server-git", command: "mcp-server-git" },
  { package: "mcp-server-time", command: "mcp-server-time", args: ["--local-timezone", "UTC"] },
  { package: "excel-mcp-server", command: "excel-mcp-server", args: ["stdio"] },
  { package: "office-word-mcp-server", command: "word_mcp_server" },
  { package: "redis-mcp-server", command: "redis-mcp-server" },
  {
    package: "awslabs-cloudwatch-mcp-server",
    command: "awslabs.cloudwatch-mcp-server",
    env: { AWS_REGION: "us-east-1" },
  },
  { package: "awslabs-eks-mcp-server", command: "awslabs.eks-mcp-server", env: { AWS_REGION: "us-east-1" } },
  { package: "workspace-mcp", command: "workspace-mcp" },
];

const MAX_DESCRIPTION_CHARS = 100;
const MAX_WAIT_MS = 60_000;

const [folder = "."] = process.argv.slice(2);
const today = new Date().toISOString().slice(0, 10);

for (const server of [...NPM_SERVERS, ...PYTHON_SERVERS]) {
  const program = findProgram(server.command);
  if (program === undefined) {
    console.log(`${server.package}: not installed`);
    continue;
  }
  const tools = await listTools(program, server);
  console.log(`${server.package}: ${tools?.length ?? "no"} tools`);
  if (tools !== undefined) save(server, tools);
}

function environments(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => join(folder, name));
}

function findProgram(command: string): string | undefined {
  const places = environments().flatMap((place) => [
    join(place, "node_modules/.bin", command),
    join(place, "bin", command),
  ]);
  return places.find((place) => existsSync(place));
}

function findVersion({ package: name }: Server): string {
  for (const place of environments()) {
    const manifest = join(place, "node_modules", name, "package.json");
    if (existsSync(manifest)) {
      return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
    }
    const lib = join(place, "lib");
    for (const python of existsSync(lib) ? readdirSync(lib) : []) {
      const prefix = `${name.replaceAll(/[-.]/g, "_")}-`;
      const found = readdirSync(join(lib, python, "site-packages")).find(
        (entry) => entry.replaceAll(".", "_").startsWith(prefix) && entry.endsWith(".dist-info"),
      );
      if (found !== undefined) return found.slice(prefix.length, -".dist-info".length);
    }
  }
  return "unknown";
}

function save(server: Server, tools: readonly Record<string, unknown>[]): void {
  const kept = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
  const text = JSON.stringify(
    { package: server.package, version: findVersion(server), date: today, tools: kept },
    cut,
  );
  const file = `${server.package.replace("@", "").replace("/", "-")}.json`;
  writeFileSync(join(import.meta.dirname, "../test/fixtures/mcp-tools", file), `${text}\n`);
}

function cut(key: string, value: unknown): unknown {
  return key === "description" && typeof value === "string"
    ? value.slice(0, MAX_DESCRIPTION_CHARS).toWellFormed()
    : value;
}

async function listTools(
  program: string,
  { args = [], env = {} }: Server,
): Promise<Record<string, unknown>[] | undefined> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "ignore"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), MAX_WAIT_MS);
  const send = (message: object): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  child.stdin.on("error", () => undefined);
  child.on("error", () => undefined);
  const client = { name: "toolscript-fixtures", version: "1" };
  send({
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: client },
  });
  const tools: Record<string, unknown>[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith("{")) continue;
      const { id, result } = JSON.parse(line) as { id?: number; result?: Record<string, unknown> };
      if (id === 1) {
        send({ method: "notifications/initialized" });
        send({ id: 2, method: "tools/list", params: {} });
      } else if (id === 2 && result !== undefined) {
        tools.push(...(result["tools"] as Record<string, unknown>[]));
        if (result["nextCursor"] === undefined) return tools;
        send({ id: 2, method: "tools/list", params: { cursor: result["nextCursor"] } });
      }
    }
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
  return undefined;
}
