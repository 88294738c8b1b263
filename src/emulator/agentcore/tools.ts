/**
 * What `InvokeCodeInterpreter` can be asked to do: each tool by its name, with its arguments, to its result.
 *
 * Shapes of arguments and results as the AWS SDK declares them and AWS's own notebooks show them. Code is Python only.
 */
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import * as z from "zod";
import type { CommandTask } from "./command-tasks.ts";
import { toErrorAnswer } from "./faults.ts";
import type { InterpreterSession } from "./interpreter-session.ts";

/** One block of a result. */
export type ContentBlock = Readonly<Record<string, unknown>> & { readonly type: string };

/** A result as it travels in the event stream. */
export interface ToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
}

const toolArguments = z.object({
  code: z.string().optional(),
  language: z.string().optional(),
  clearContext: z.boolean().optional(),
  command: z.string().optional(),
  path: z.string().optional(),
  paths: z.array(z.string()).optional(),
  content: z
    .array(z.object({ path: z.string(), text: z.string().optional(), blob: z.string().optional() }))
    .optional(),
  directoryPath: z.string().optional(),
  taskId: z.string().optional(),
});

type ToolArguments = z.infer<typeof toolArguments>;
type ToolFunction = (session: InterpreterSession, given: ToolArguments) => Promise<ToolResult>;

const TOOLS: Readonly<Record<string, ToolFunction>> = {
  executeCode,
  executeCommand: async (session, { command }) =>
    toTaskResult(await session.tasks.run(required("command", command), session.folder)),
  startCommandExecution: async (session, { command }) =>
    toTaskResult(session.tasks.start(required("command", command), session.folder)),
  getTask: async (session, { taskId }) => toTaskResult(findTask(session, taskId)),
  async stopTask(session, { taskId }) {
    const task = findTask(session, taskId);
    await session.tasks.stop(task.id);
    return toTaskResult(task);
  },
  writeFiles,
  readFiles,
  listFiles,
  removeFiles,
};

/** Names that {@link runTool} takes. */
export const TOOL_NAMES: readonly string[] = Object.keys(TOOLS);

/** Runs a tool. @throws {AwsHttpError} 400 for an unknown tool or wrong arguments */
export async function runTool(
  session: InterpreterSession,
  name: string,
  given: unknown,
): Promise<ToolResult> {
  const run = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
  if (run === undefined) throw invalid(`'name' must be one of [${TOOL_NAMES.join(", ")}]`);
  const parsed = toolArguments.safeParse(given ?? {});
  if (!parsed.success) throw invalid(`'arguments': ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  return await run(session, parsed.data);
}

async function executeCode(
  session: InterpreterSession,
  { code, language, clearContext }: ToolArguments,
): Promise<ToolResult> {
  if (language !== undefined && language !== "python") {
    throw invalid(`the emulator runs 'python' only, not '${language}'`);
  }
  const { stdout, stderr, exitCode, executionTime } = await session.kernel.execute(
    required("code", code),
    clearContext ?? false,
  );
  return {
    content: [{ type: "text", text: exitCode === 0 ? stdout : stderr }],
    structuredContent: { stdout, stderr, exitCode, executionTime },
    isError: exitCode !== 0,
  };
}

async function writeFiles(session: InterpreterSession, { content }: ToolArguments): Promise<ToolResult> {
  const files = required("content", content);
  for (const { path, text, blob } of files) {
    const file = inFolder(session, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text ?? Buffer.from(blob ?? "", "base64"));
  }
  return toText(`Successfully wrote all ${files.length} files`);
}

async function readFiles(session: InterpreterSession, { paths }: ToolArguments): Promise<ToolResult> {
  const blocks = required("paths", paths).map(async (path) => {
    const bytes = await readFile(inFolder(session, path)).catch(() => undefined);
    return bytes === undefined ? undefined : toResource(path, bytes);
  });
  const found = await Promise.all(blocks);
  const missing = paths?.find((_, index) => found[index] === undefined);
  if (missing !== undefined) return { ...toText(`File not found: ${missing}`), isError: true };
  return { content: found.filter((block) => block !== undefined), isError: false };
}

async function listFiles(session: InterpreterSession, given: ToolArguments): Promise<ToolResult> {
  const folder = inFolder(session, given.directoryPath ?? given.path ?? "");
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return { ...toText("Directory not found"), isError: true };
  const blocks = entries.map(async (entry): Promise<ContentBlock> => {
    const { size } = await stat(join(folder, entry.name));
    const description = entry.isDirectory() ? "Directory" : "File";
    return { type: "resource_link", uri: `file:///${entry.name}`, name: entry.name, description, size };
  });
  return { content: await Promise.all(blocks), isError: false };
}

async function removeFiles(session: InterpreterSession, { paths }: ToolArguments): Promise<ToolResult> {
  const files = required("paths", paths);
  await Promise.all(files.map((path) => rm(inFolder(session, path), { recursive: true, force: true })));
  return toText(`Successfully removed all ${files.length} files`);
}

function toResource(path: string, bytes: Buffer): ContentBlock {
  const uri = `file:///${path}`;
  const text = bytes.toString();
  const isText = Buffer.from(text).equals(bytes);
  const resource = isText
    ? { type: "text", uri, mimeType: "text/plain", text }
    : { type: "blob", uri, mimeType: "application/octet-stream", blob: bytes.toString("base64") };
  return { type: "resource", resource };
}

function toTaskResult(task: CommandTask): ToolResult {
  const { id, status, stdout, stderr, exitCode, executionTime } = task;
  const failed = exitCode !== undefined && exitCode !== 0;
  return {
    content: [{ type: "text", text: failed ? stderr : stdout }],
    structuredContent: { taskId: id, taskStatus: status, stdout, stderr, exitCode, executionTime },
    isError: failed,
  };
}

function toText(text: string): ToolResult {
  return { content: [{ type: "text", text }], isError: false };
}

function findTask(session: InterpreterSession, id: string | undefined): CommandTask {
  const task = session.tasks.get(required("taskId", id));
  if (task === undefined) throw toErrorAnswer("not-found", { message: `Task '${id ?? ""}' does not exist` });
  return task;
}

/** Paths are relative to the session's folder and stay in it. */
function inFolder(session: InterpreterSession, path: string): string {
  const file = resolve(session.folder, path.replace(/^\/+/, ""));
  if (file !== session.folder && !file.startsWith(`${session.folder}/`)) {
    throw invalid(`path '${path}' is not allowed`);
  }
  return file;
}

function required<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw invalid(`'arguments.${name}' is required`);
  return value;
}

function invalid(message: string): Error {
  return toErrorAnswer("validation", { message });
}
