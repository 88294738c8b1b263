/**
 * The calls of the Docker Engine API that the sandbox needs: for each its path, and what is read from the answer.
 *
 * These, and no others, are what a filter in front of the daemon has to let through: version, image inspect, container
 * create, attach, start, inspect, kill, wait, remove, stats, list by label, and the events that tell how one ended.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.41/
 */
import type { Duplex } from "node:stream";
import { SANDBOX_LABEL } from "../container-spec.ts";
import type { CreateRequest } from "../create-request.ts";
import { withoutGone } from "../listing.ts";
import { EngineStatusError, UnexpectedAnswerError } from "./answer-errors.ts";
import { findObject, readField } from "./read-field.ts";
import { ask, askForLines, toPath, upgrade } from "./request.ts";
import type { EngineTransport } from "./transport.ts";

/** A listing has the runner's text once for each container, 35 KB: this is room for 1,900. */
const MAX_LISTING_BYTES = 64 * 1024 * 1024;
const NANOSECONDS_PER_MS = 1e6;

/** Where a call goes, and what gives it up. */
export interface CallContext {
  readonly transport: EngineTransport;
  readonly signal?: AbortSignal;
}

/** How a container stands, as far as it matters here. */
export interface ContainerState {
  readonly status: string;
  readonly running: boolean;
  readonly paused: boolean;
  readonly outOfMemory: boolean;
  readonly exitCode: number;
  readonly startedAt: string;
}

/** How a container ended. */
export type ContainerEnd = Pick<ContainerState, "exitCode" | "outOfMemory">;

/** A container of ours in a listing. */
export interface ListedContainer {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The daemon's word: `created`, `running`, `paused`, `exited`, `dead`, `removing`. */
  readonly state: string;
}

/** The daemon's version, as its people write it. */
export async function readVersion({ transport, signal }: CallContext): Promise<string> {
  return readField(await ask(transport, { method: "GET", path: "/version", signal }), "Version", "string");
}

/** Folders that an image declares as volumes. */
export async function imageVolumes(
  { transport, signal }: CallContext,
  image: string,
): Promise<readonly string[]> {
  const found = await ask(transport, { method: "GET", path: toPath`/images/${image}/json`, signal });
  return Object.keys(findObject(found, "Config.Volumes") ?? {});
}

/** Returns the id. */
export async function createContainer(
  { transport, signal }: CallContext,
  name: string,
  body: CreateRequest,
): Promise<string> {
  const path = "/containers/create";
  return readField(
    await ask(transport, { method: "POST", path, query: { name }, body, signal }),
    "Id",
    "string",
  );
}

/** Standard input and error of a container as one connection; the output's part of it is multiplexed. */
export async function attachToContainer({ transport, signal }: CallContext, id: string): Promise<Duplex> {
  const query = { stream: "1", stdin: "1", stderr: "1" };
  return await upgrade(transport, { method: "POST", path: toPath`/containers/${id}/attach`, query, signal });
}

/** Starts a container. */
export async function startContainer({ transport, signal }: CallContext, id: string): Promise<void> {
  await ask(transport, { method: "POST", path: toPath`/containers/${id}/start`, signal });
}

/** Undefined when there is no such container. */
export async function inspectContainer(
  context: CallContext,
  id: string,
): Promise<ContainerState | undefined> {
  const found = await findContainer(context, id);
  if (found === undefined) return undefined;
  return {
    status: readField(found, "State.Status", "string"),
    running: readField(found, "State.Running", "boolean"),
    paused: readField(found, "State.Paused", "boolean"),
    outOfMemory: readField(found, "State.OOMKilled", "boolean"),
    exitCode: readField(found, "State.ExitCode", "number"),
    startedAt: readField(found, "State.StartedAt", "string"),
  };
}

/** Seconds by which the daemon's clock may be behind ours. */
const CLOCK_DIFFERENCE_SECONDS = 1;

/**
 * How a container ended that has gone since, from the events that the daemon remembers, which are its last 256. Undefined when
 * it does not remember.
 */
export async function readEnd(
  { transport, signal }: CallContext,
  id: string,
): Promise<ContainerEnd | undefined> {
  const until = String(Math.floor(Date.now() / 1000) + CLOCK_DIFFERENCE_SECONDS);
  const query = { since: "0", until, filters: toEndFilters(id) };
  let outOfMemory = false;
  for await (const event of askForLines(transport, { method: "GET", path: "/events", query, signal })) {
    const action = readField(event, "Action", "string");
    if (action === "oom") outOfMemory = true;
    if (action !== "die") continue;
    return { exitCode: Number(readField(event, "Actor.Attributes.exitCode", "string")), outOfMemory };
  }
  return undefined;
}

/** The events of a container's end, as the filters of a request. */
export function toEndFilters(id: string): string {
  return JSON.stringify({ type: ["container"], container: [id], event: ["oom", "die"] });
}

/** Sends a signal. False when the container does not run. */
export async function killContainer(
  { transport, signal }: CallContext,
  id: string,
  name: string,
): Promise<boolean> {
  const path = toPath`/containers/${id}/kill`;
  const asked = ask(transport, { method: "POST", path, query: { signal: name }, signal });
  return await unlessGone(
    asked.then(() => true),
    false,
  );
}

/** Resolves when the condition holds, or the container has gone. */
export async function waitForContainer(
  { transport, signal }: CallContext,
  id: string,
  condition: "not-running" | "removed",
): Promise<void> {
  const path = toPath`/containers/${id}/wait`;
  await unlessGone(ask(transport, { method: "POST", path, query: { condition }, signal }), undefined);
}

/** Kills and removes, with the volumes. One that has gone is fine. */
export async function removeContainer({ transport, signal }: CallContext, id: string): Promise<void> {
  const query = { force: "1", v: "1" };
  const asked = ask(transport, { method: "DELETE", path: toPath`/containers/${id}`, query, signal });
  await unlessGone(asked, undefined);
}

/**
 * Processor time in milliseconds that all processes of a container have used since its start, as the kernel has booked it.
 * Undefined when it does not run. Engine 20.10 answers with the next of its own looks, one a second.
 */
export async function readProcessorMs(
  { transport, signal }: CallContext,
  id: string,
): Promise<number | undefined> {
  const query = { stream: "false", "one-shot": "true" };
  const path = toPath`/containers/${id}/stats`;
  const found = await unlessGone(ask(transport, { method: "GET", path, query, signal }), undefined);
  if (found === undefined) return undefined;
  const used = readField(found, "cpu_stats.cpu_usage.total_usage", "number");
  return used > 0 ? used / NANOSECONDS_PER_MS : undefined; // the figures of one that does not run are all 0
}

/** Every container of the sandbox, of whichever host and state. */
export async function listContainers(context: CallContext): Promise<ListedContainer[]> {
  const { transport, signal } = context;
  const query = { all: "1", filters: JSON.stringify({ label: [`${SANDBOX_LABEL}=1`] }) };
  const path = "/containers/json";
  const asked = { method: "GET", path, query, signal, maxAnswerBytes: MAX_LISTING_BYTES } as const;
  const listed = await ask(transport, asked);
  if (!Array.isArray(listed)) throw new UnexpectedAnswerError("is no list");
  const containers = listed.map((each: unknown) => ({
    Id: readField(each, "Id", "string"),
    State: readField(each, "State", "string"),
    labels: readLabels(findObject(each, "Labels") ?? {}),
  }));
  const isKnown = async (id: string) => (await findContainer(context, id)) !== undefined;
  const found = await withoutGone(containers, isKnown);
  return found.map(({ Id, labels, State }) => ({ id: Id, labels, state: State }));
}

function readLabels(given: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts = Object.entries(given).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(texts);
}

async function findContainer({ transport, signal }: CallContext, id: string): Promise<unknown> {
  const path = toPath`/containers/${id}/json`;
  try {
    return await ask(transport, { method: "GET", path, signal });
  } catch (error) {
    if (error instanceof EngineStatusError && error.statusCode === 404) return undefined;
    throw error;
  }
}

/** 404: no such container. 409: it is not running, or is being removed. Then there was nothing to do: `gone`. */
async function unlessGone<T, Gone>(asked: Promise<T>, gone: Gone): Promise<T | Gone> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof EngineStatusError && [404, 409].includes(error.statusCode)) return gone;
    throw error;
  }
}
