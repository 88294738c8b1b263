/**
 * Request bodies that cost as much as a client can make them cost, by name.
 */

const HEAD = '"model":"claude-sonnet-5","max_tokens":10';
const CODE = '{"type":"code_execution_20260120","name":"code_execution"}';
const TALK = '"messages":[{"role":"user","content":"x"}]';

/** `count` times `item(at)`, joined by commas. */
function many(count: number, item: string | ((at: number) => string)): string {
  return Array.from({ length: count }, (_, at) => (typeof item === "string" ? item : item(at))).join(",");
}

/** A history of `pairs` messages: an assistant's, then a user's. */
function history(pairs: number, assistant: (at: number) => string, user: (at: number) => string): string {
  const messages = many(
    pairs,
    (at) => `{"role":"assistant","content":${assistant(at)}},{"role":"user","content":${user(at)}}`,
  );
  return `{${HEAD},"tools":[${CODE}],"messages":[${messages}]}`;
}

const script = (at: number): string =>
  `{"type":"server_tool_use","id":"srvtoolu_${at}","name":"code_execution","input":{"code":"1"}}`;
const ended = (at: number, stdout = ""): string =>
  `{"type":"code_execution_tool_result","tool_use_id":"srvtoolu_${at}","content":{"type":"code_execution_result","stdout":"${stdout}","stderr":"","return_code":0,"content":[]}}`;
const call = (at: number): string =>
  `{"type":"tool_use","id":"toolu_${at}","name":"get","input":{"n":${at}},"caller":{"type":"code_execution_20260120","tool_id":"srvtoolu_0"}}`;
const result = (at: number): string => `{"type":"tool_result","tool_use_id":"toolu_${at}","content":"${at}"}`;

/** Bodies by name. */
const BODIES: Readonly<Record<string, () => string>> = {
  small: () => `{${HEAD},${TALK}}`,
  "a script": () =>
    `{${HEAD},${TALK},"tools":[${CODE},{"name":"get","input_schema":{"type":"object"},"allowed_callers":["code_execution_20260120"]}]}`,
  "warm up": () =>
    `{${HEAD},"messages":[${many(3_000, '{"role":"user","content":[{"type":"text","text":"x"}]},{"role":"assistant","content":"y"}')},{"role":"user","content":"${"z".repeat(300_000)}"}]}`,
  "wrong numbers in stop_sequences": () => `{${HEAD},${TALK},"stop_sequences":[${many(15_000_000, "1")}]}`,
  "wrong numbers, as many as are read": () => `{${HEAD},${TALK},"stop_sequences":[${many(900_000, "1")}]}`,
  "blocks without a type": () =>
    `{${HEAD},"messages":[{"role":"user","content":[${many(10_000_000, "{}")}]}]}`,
  "blocks without a type, as many as are read": () =>
    `{${HEAD},"messages":[{"role":"user","content":[${many(450_000, "{}")}]}]}`,
  "messages that are none": () => `{${HEAD},"messages":[${many(100_000, "{}")}]}`,
  "tools that are none": () => `{${HEAD},${TALK},"tools":[${many(300_000, "1")}]}`,
  "direct tools": () =>
    `{${HEAD},${TALK},"tools":[${many(10_000, (at) => `{"name":"t${at}","input_schema":{"type":"object"}}`)}]}`,
  "examples without end": () =>
    `{${HEAD},${TALK},"tools":[{"name":"t","input_schema":{"type":"object"},"input_examples":[${many(300_000, "{}")}]}]}`,
  "system blocks": () => `{${HEAD},${TALK},"system":[${many(150_000, '{"type":"text","text":"x"}')}]}`,
  "callers without end": () =>
    `{${HEAD},${TALK},"tools":[{"name":"t","input_schema":{"type":"object"},"allowed_callers":[${many(900_000, '"direct"')}]}]}`,
  "an object of many members": () => `{${HEAD},${TALK},${many(120_000, (at) => `"k${at}":1`)}}`,
  "a block of many members": () =>
    `{${HEAD},"messages":[{"role":"user","content":[{"type":"text","text":"x",${many(120_000, (at) => `"k${at}":1`)}}]}]}`,
  "an input of many members": () =>
    `{${HEAD},"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":{${many(120_000, (at) => `"k${at}":1`)}}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"}]}]}`,
  "more members than an object may have": () => `{${HEAD},${TALK},${many(1_500_000, (at) => `"k${at}":1`)}}`,
  "members with numbers as names": () => `{${HEAD},${TALK},"metadata":[${many(3_000_000, '{"34":1}')}]}`,
  "members with numbers as names, as many as are read": () =>
    `{${HEAD},${TALK},"metadata":[${many(190_000, '{"34":1}')}]}`,
  "shapes that no other object has": () =>
    `{${HEAD},${TALK},"metadata":[${many(300_000, (at) => `{"k${at.toString(36)}":{}}`)}]}`,
  "empty objects": () => `{${HEAD},${TALK},"metadata":[${many(11_000_000, "{}")}]}`,
  "deep arrays": () =>
    `{${HEAD},${TALK},"metadata":[${many(60_000, `${"[".repeat(250)}${"]".repeat(250)}`)}]}`,
  "deep arrays, as many as are read": () =>
    `{${HEAD},${TALK},"metadata":[${many(2_000, `${"[".repeat(400)}${"]".repeat(400)}`)}]}`,
  "one string": () => `{${HEAD},"messages":[{"role":"user","content":"${"x".repeat(33_000_000)}"}]}`,
  "one string with one wide character": () =>
    `{${HEAD},"messages":[{"role":"user","content":"\u20ac${"x".repeat(26_000_000)}"}]}`,
  "strings with wide characters": () =>
    `{${HEAD},"messages":[{"role":"user","content":[${many(2_600, () => `{"type":"text","text":"\u20ac${"x".repeat(10_000)}"}`)}]}]}`,
  "a string of escapes": () =>
    `{${HEAD},"messages":[{"role":"user","content":"${'\\"'.repeat(16_000_000)}"}]}`,
  "one number": () => `{${HEAD},${TALK},"temperature":${"1".repeat(33_000_000)}}`,
  blanks: () => `{${HEAD},${TALK}${" ".repeat(33_000_000)}}`,
  "a name of a model": () => `{"model":"${"m".repeat(20_000_000)}","max_tokens":10,${TALK}}`,
  "messages as many as there may be": () =>
    `{${HEAD},"messages":[${many(100_000, '{"role":"user","content":"x"}')}]}`,
  "blocks as many as are read": () =>
    `{${HEAD},"messages":[{"role":"user","content":[${many(150_000, '{"type":"text","text":""}')}]}]}`,
  "scripts, then empty messages": () => {
    const scripts = `{"role":"assistant","content":[${many(30_000, script)}]}`;
    const empty = many(30_000, '{"role":"assistant","content":[]}');
    return `{${HEAD},"tools":[${CODE}],"messages":[${scripts},${empty},{"role":"user","content":[]}]}`;
  },
  "scripts, then messages of the user": () => {
    const scripts = `{"role":"assistant","content":[${many(30_000, script)}]}`;
    const users = many(60_000, '{"role":"user","content":[]}');
    return `{${HEAD},"tools":[${CODE}],"messages":[${scripts},${users}]}`;
  },
  "scripts that end from the front, then texts": () => {
    const scripts = `{"role":"assistant","content":[${many(20_000, script)}]}`;
    const most = `{"role":"assistant","content":[${many(19_999, ended)}]}`;
    const texts = many(40_000, '{"type":"thinking"}');
    return `{${HEAD},"tools":[${CODE}],"messages":[${scripts},${most},{"role":"assistant","content":[${ended(19_999)},${texts}]},{"role":"user","content":"x"}]}`;
  },
  "scripts that end one a message": () =>
    history(
      15_000,
      (at) => `[${script(at)},${ended(at)},{"type":"text","text":"x"}]`,
      () => '"go on"',
    ),
  "calls and results, one of each a message": () =>
    history(
      9_000,
      (at) => (at === 0 ? `[${script(0)},${call(0)}]` : `[${call(at)}]`),
      (at) => `[${result(at)}]`,
    ),
  "calls of one script without results": () =>
    `{${HEAD},"tools":[${CODE}],"messages":[{"role":"assistant","content":[${script(0)},${many(20_000, call)}]},{"role":"user","content":"x"}]}`,
  "output full of tags": () =>
    history(
      15,
      (at) => `[${script(at)},${ended(at, "<stdout ".repeat(260_000))}]`,
      () => '"go on"',
    ),
  "more output than there can be": () =>
    history(
      1,
      (at) => `[${script(at)},${ended(at, "<stdout ".repeat(4_000_000))}]`,
      () => '"go on"',
    ),
  "parts of a result": () =>
    `{${HEAD},"tools":[${CODE}],"container":"container_01","messages":[{"role":"assistant","content":[${script(0)},${call(0)}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_0","content":[${many(120_000, '{"type":"text","text":""}')}]}]}]}`,
  "references that lead to one another": () => {
    const definitions = many(20_000, (at) => `"d${at}":{"$ref":"#/$defs/d${at + 1}"}`);
    return `{${HEAD},${TALK},"tools":[${CODE},{"name":"get","allowed_callers":["code_execution_20260120"],"input_schema":{"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{${definitions},"d20000":{}}}}]}`;
  },
};

/** Makes the body of that name. */
export function makeBody(name: unknown): string {
  const make = BODIES[String(name)];
  if (make === undefined) throw new Error(`There is no body "${String(name)}"`);
  return make();
}

/** Names of all bodies. */
export const BODY_NAMES: readonly string[] = Object.keys(BODIES);

/** One of each kind. */
export const SHORT_BODY_NAMES: readonly string[] = [
  "wrong numbers in stop_sequences",
  "blocks without a type, as many as are read",
  "an input of many members",
  "members with numbers as names, as many as are read",
  "one string with one wide character",
  "a name of a model",
  "scripts that end from the front, then texts",
  "output full of tags",
];

/** Those that are sent on, and are large. */
export const LARGE_BODY_NAMES: readonly string[] = [
  "strings with wide characters",
  "blocks as many as are read",
];
