/**
 * Request bodies by a seed: nearly right ones, with something of any size at any place, and histories of any order.
 */
import { createRandom, type Random } from "../random.ts";

/** Characters of the largest body that is made: more than the proxy takes, now and then. */
const MOST = 36 * 1024 * 1024;

const CODE = '{"type":"code_execution_20260120","name":"code_execution"}';

/** Makes a body. */
export function makeGeneratedBody(seed: number): string {
  const random = createRandom(seed);
  const text = random.pick(KINDS)(random);
  return random.chance(0.05) && text.length < 100_000 ? random.mutate(text) : text;
}

/** A piece of JSON that is mostly small. */
function anything(random: Random): string {
  return random.json(random.size(random.chance(0.2) ? MOST : MOST / 16));
}

function repeat(random: Random, item: string): string {
  const count = 1 + Math.floor(random.size(MOST / 4) / (item.length + 1));
  return `${`${item},`.repeat(count)}${item}`;
}

function toBody(members: readonly string[]): string {
  return `{"model":"claude-sonnet-5","max_tokens":10,${members.join(",")}}`;
}

const TALK = '"messages":[{"role":"user","content":"x"}]';

const KINDS: readonly ((random: Random) => string)[] = [
  (random) => anything(random),
  (random) => toBody([TALK, `${JSON.stringify(random.text(random.size(1000)))}:${anything(random)}`]),
  (random) => toBody([TALK, `"${random.pick(FIELDS)}":${anything(random)}`]),
  (random) => toBody([TALK, `"${random.pick(FIELDS)}":[${repeat(random, anything(random).slice(0, 200))}]`]),
  (random) => toBody([`"messages":[${repeat(random, `{"role":"user","content":${anything(random)}}`)}]`]),
  (random) => toBody([`"messages":[{"role":"user","content":[${repeat(random, makeBlock(random))}]}]`]),
  (random) => toBody([TALK, `"tools":[${CODE},${makeTool(random)}]`]),
  (random) => toBody([TALK, `"tools":[${repeat(random, makeTool(random))}]`]),
  (random) => makeHistory(random),
  (random) => makeHistory(random),
];

const FIELDS = [
  "system",
  "stream",
  "tools",
  "tool_choice",
  "container",
  "mcp_servers",
  "stop_sequences",
  "metadata",
  "thinking",
  "model",
  "max_tokens",
  "messages",
];

const BLOCKS: readonly ((random: Random) => string)[] = [
  (random) => `{"type":"text","text":${JSON.stringify(random.text(random.size(50_000)))}}`,
  (random) => `{"type":"image","source":${random.json(random.size(10_000))}}`,
  (random) => `{"type":"tool_result","tool_use_id":"t1","content":${anything(random)}}`,
  (random) => `{"type":"tool_use","id":"t1","name":"a","input":${random.json(random.size(20_000))}}`,
  (random) => `{"type":${JSON.stringify(random.text(random.size(100_000)))}}`,
  (random) => random.json(random.size(1000)),
];

function makeBlock(random: Random): string {
  return random.pick(BLOCKS)(random);
}

function makeTool(random: Random): string {
  const name = random.chance(0.8) ? `t${random.integer(0, 9)}` : random.text(random.size(100_000));
  const callers = random.chance(0.3) ? ',"allowed_callers":["code_execution_20260120"]' : "";
  const more = random.chance(0.3) ? `,"input_examples":[${random.json(random.size(1000))}]` : "";
  const properties = random.chance(0.5) ? random.json(random.size(20_000)) : '{"a":{"type":"string"}}';
  const schema = `{"type":"object","properties":${properties}}`;
  return `{"name":${JSON.stringify(name)},"input_schema":${schema}${callers}${more}}`;
}

/** Scripts, calls, results and texts in any order: some fit together, most do not. */
function makeHistory(random: Random): string {
  const messages: string[] = [];
  const length = 2 + random.size(60_000);
  const state = { next: 0 };
  for (let at = 0; at < length; at += 1) {
    const role = random.chance(0.5) ? "assistant" : "user";
    const count = random.chance(0.9) ? 1 : random.size(500);
    const blocks = Array.from({ length: count }, () => random.pick(HISTORY)(random, state));
    messages.push(`{"role":"${role}","content":[${blocks.join(",")}]}`);
  }
  return toBody([`"tools":[${CODE}]`, `"messages":[${messages.join(",")}]`]);
}

interface Numbered {
  next: number;
}

const CALLER = '"caller":{"type":"code_execution_20260120","tool_id"';

const HISTORY: readonly ((random: Random, state: Numbered) => string)[] = [
  (_random, state) =>
    `{"type":"server_tool_use","id":"s${state.next++}","name":"code_execution","input":{"code":"1"}}`,
  (random, state) =>
    `{"type":"code_execution_tool_result","tool_use_id":"s${random.integer(0, state.next)}","content":{"type":"code_execution_result","stdout":${JSON.stringify(random.text(random.size(20_000)))},"stderr":"","return_code":0}}`,
  (random, state) =>
    `{"type":"tool_use","id":"c${state.next++}","name":"a","input":{},${CALLER}:"s${random.integer(0, state.next)}"}}`,
  (random, state) => `{"type":"tool_result","tool_use_id":"c${random.integer(0, state.next)}","content":"1"}`,
  () => '{"type":"text","text":"x"}',
  () => '{"type":"thinking","thinking":"x","signature":"c2ln"}',
];
