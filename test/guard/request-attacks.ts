/**
 * Requests that the sandbox never makes: other parts of the API, other containers, odd parameters.
 */
import { type Attack, type Target, http } from "./attack.ts";

const NOT_NEEDED = "not among the requests";

/** Method, path, body: parts of the API that are closed. */
const closed: readonly [method: string, path: string, body?: unknown][] = [
  ["GET", "/info"],
  ["GET", "/system/df"],
  ["POST", "/auth", { username: "a", password: "b" }],
  ["POST", "/build?remote=http://example.com/Dockerfile"],
  ["POST", "/build/prune"],
  ["POST", "/commit?container=VICTIM"],
  ["POST", "/session"],
  ["POST", "/grpc"],
  ["GET", "/images/json"],
  ["POST", "/images/create?fromImage=alpine"],
  ["POST", "/images/load"],
  ["POST", "/images/prune"],
  ["GET", "/images/get?names=toolscript/python:debian"],
  ["GET", "/images/search?term=x"],
  ["POST", "/images/toolscript/python:debian/push"],
  ["POST", "/images/toolscript/python:debian/tag?repo=x"],
  ["DELETE", "/images/toolscript/python:debian"],
  ["GET", "/distribution/alpine/json"],
  ["POST", "/containers/prune"],
  ["POST", "/containers/OWN/exec", { Cmd: ["id"], User: "root", Privileged: true }],
  ["POST", "/exec/0123456789abcdef/start", { Detach: true }],
  ["GET", "/exec/0123456789abcdef/json"],
  ["GET", "/containers/OWN/archive?path=/etc"],
  ["HEAD", "/containers/OWN/archive?path=/etc"],
  ["PUT", "/containers/OWN/archive?path=/tmp"],
  ["GET", "/containers/OWN/export"],
  ["GET", "/containers/OWN/logs?stdout=1"],
  ["GET", "/containers/OWN/changes"],
  ["POST", "/containers/OWN/stats?stream=false&one-shot=true"],
  ["HEAD", "/containers/OWN/stats?stream=false&one-shot=true"],
  ["GET", "/containers/OWN/stats/x?stream=false&one-shot=true"],
  ["GET", "/containers/OWN/Stats?stream=false&one-shot=true"],
  ["GET", "/containers/OWN/top"],
  ["GET", "/containers/OWN/attach/ws"],
  ["POST", "/containers/OWN/update", { Memory: 0 }],
  ["POST", "/containers/OWN/rename?name=x"],
  ["POST", "/containers/OWN/restart"],
  ["POST", "/containers/OWN/stop"],
  ["POST", "/containers/OWN/pause"],
  ["POST", "/containers/OWN/unpause"],
  ["POST", "/containers/OWN/resize?h=1&w=1"],
  ["POST", "/containers/OWN/copy", { Resource: "/etc/passwd" }],
  ["POST", "/containers/OWN/checkpoints"],
  ["GET", "/volumes"],
  ["POST", "/volumes/create", { Name: "x", DriverOpts: { device: "/", o: "bind", type: "none" } }],
  ["DELETE", "/volumes/x"],
  ["GET", "/networks"],
  ["POST", "/networks/create", { Name: "x" }],
  ["POST", "/networks/bridge/connect", { Container: "OWN" }],
  ["POST", "/swarm/init", { ListenAddr: "0.0.0.0:2377" }],
  ["GET", "/swarm"],
  ["GET", "/nodes"],
  ["POST", "/services/create", {}],
  ["GET", "/tasks"],
  ["POST", "/secrets/create", { Name: "x", Data: "eA==" }],
  ["GET", "/configs"],
  ["POST", "/plugins/pull?remote=x"],
  ["POST", "/plugins/x/enable"],
  ["GET", "/debug/pprof/"],
  ["GET", "/metrics"],
  ["OPTIONS", "/containers/json"],
  ["POST", "/containers/json"],
  ["PUT", "/containers/create"],
  ["GET", "/"],
];

/** What can be asked about a container that is not one of the sandbox. */
const aboutVictim: readonly [method: string, path: string][] = [
  ["GET", "/containers/VICTIM/json"],
  ["GET", "/v1.41/containers/VICTIM/json"],
  ["GET", "/containers/VICTIM/stats?stream=false&one-shot=true"],
  ["POST", "/containers/VICTIM/start"],
  ["POST", "/containers/VICTIM/kill?signal=SIGKILL"],
  ["POST", "/containers/VICTIM/wait?condition=removed"],
  ["DELETE", "/containers/VICTIM?force=true"],
];

/** What may be asked for with the events. */
const END = '{"type":["container"],"container":["OWN"],"event":["oom","die"]}';

const parameters: readonly [method: string, path: string, says: string, status?: 400][] = [
  ["POST", "/containers/OWN/kill?signal=SIGSTOP", "signal"],
  ["POST", "/containers/OWN/kill?signal=9", "signal"],
  ["POST", "/containers/OWN/kill?signal=SIGKILL&signal=SIGSTOP", "twice", 400],
  ["POST", "/containers/OWN/start?checkpoint=x&checkpoint-dir=/", "checkpoint"],
  ["POST", "/containers/OWN/start?detachKeys=a", "detachKeys"],
  ["POST", "/containers/OWN/wait?condition=never", "condition"],
  ["DELETE", "/containers/OWN?link=true", "link"],
  ["GET", "/containers/OWN/json?size=true", "size"],
  ["GET", "/containers/OWN/stats", "one-shot=true"],
  ["GET", "/containers/OWN/stats?stream=false", "one-shot=true"],
  ["GET", "/containers/OWN/stats?one-shot=true", "stream=false"],
  ["GET", "/containers/OWN/stats?stream=true&one-shot=true", '"stream" is "true"'],
  ["GET", "/containers/OWN/stats?stream=false&one-shot=false", '"one-shot" is "false"'],
  ["GET", "/containers/OWN/stats?stream=0&one-shot=1", '"stream" is "0"'],
  ["GET", "/containers/OWN/stats?stream=false&one-shot=true&x=1", '"x"'],
  ["GET", "/containers/OWN/stats?stream=false&stream=true&one-shot=true", "twice", 400],
  ["GET", "/v1.40/containers/OWN/stats?stream=false&one-shot=true", "version", 400],
  ["GET", '/containers/json?filters={"name":["x"]}', "labels of the sandbox"],
  ["GET", '/containers/json?filters={"label":["other=1"]}', "labels of the sandbox"],
  ["GET", '/containers/json?filters={"label":{"toolscript.sandbox=1":true}}', "labels of the sandbox"],
  [
    "GET",
    '/containers/json?filters={"label":["toolscript.sandbox=1"],"volume":["/"]}',
    "labels of the sandbox",
  ],
  ["GET", "/containers/json?filters=x", "JSON", 400],
  ["GET", "/containers/json?limit=1", "limit"],
  ["GET", "/images/debian:latest/json", "list of allowed images"],
  ["GET", "/images/toolscript/python:debian/json?manifests=1", "manifests"],
  ["GET", "/_ping?x=1", '"x"'],
  ["GET", "/events", "the end of one container"],
  ["GET", "/events?since=0&until=1", "the end of one container"],
  ["GET", '/events?since=0&until=1&filters={"container":["OWN"]}', "the end of one container"],
  [
    "GET",
    '/events?since=0&until=1&filters={"type":["container"],"container":["OWN"],"event":["oom","exec_create"]}',
    "the end of one container",
  ],
  [
    "GET",
    `/events?since=0&until=1&filters=${END.replace('"OWN"', '"OWN","VICTIM"')}`,
    "the end of one container",
  ],
  [
    "GET",
    `/events?since=0&until=1&filters=${END.replace("OWN", "toolscript-0123456789abcdef")}`,
    "the end of one container",
  ],
  [
    "GET",
    `/events?since=0&until=1&filters=${END.replace("OWN", "VICTIM")}`,
    "was not made through this guard",
  ],
  ["GET", `/events?since=0&filters=${END}`, "until a time"],
  ["GET", `/events?since=0&until=99999999999&filters=${END}`, "until a time"],
  ["GET", `/events?since=0&until=1h&filters=${END}`, "until a time"],
  ["GET", `/events?since=5&until=1&filters=${END}`, '"since"'],
  ["GET", `/events?since=0&until=1&x=1&filters=${END}`, '"x"'],
];

function fill(text: string, { victim, own }: Target): string {
  return text.replaceAll("VICTIM", victim).replaceAll("OWN", own);
}

/** Every such request, with the reason that is to be told. */
export const requestAttacks: readonly Attack[] = [
  ...closed.map(([method, path, body]) => ({
    name: `${method} ${path}`,
    bytes: (target: Target) =>
      http(method, fill(path, target), body === undefined ? undefined : fill(JSON.stringify(body), target)),
    says: path.endsWith("/") ? "plain" : NOT_NEEDED,
    ...(path.endsWith("/") ? { status: 400 as const } : {}),
  })),
  ...aboutVictim.map(([method, path]) => ({
    name: `${method} ${path} of a container that is not one of the sandbox`,
    bytes: (target: Target) => http(method, fill(path, target)),
    says: "is not one of the sandbox",
  })),
  ...parameters.map(([method, path, says, status]) => ({
    name: `${method} ${path}`,
    bytes: (target: Target) => http(method, encodeURI(fill(path, target))),
    says,
    ...(status === undefined ? {} : { status }),
  })),
  {
    name: "a container by its name, when the name is not one of the sandbox",
    bytes: ({ victimName }) => http("DELETE", `/containers/${victimName}?force=true`),
    says: "neither a full id",
  },
  {
    name: "a container by the beginning of its id",
    bytes: ({ victim }) => http("DELETE", `/containers/${victim.slice(0, 12)}?force=true`),
    says: "neither a full id",
  },
  {
    name: "figures of a container, with a body",
    bytes: ({ own }) => http("GET", `/containers/${own}/stats?stream=false&one-shot=true`, { stream: true }),
    says: "body",
  },
  {
    name: "a start with new settings in its body, which early versions of the API take",
    bytes: ({ own }) => http("POST", `/containers/${own}/start`, { Privileged: true, Binds: ["/:/host"] }),
    says: "body",
  },
];
