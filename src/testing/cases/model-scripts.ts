/**
 * Scripts as models write them, with what becomes of each: it works, or what the model reads back says what to change.
 * `docs/scripts.md` is made of this table.
 */
import type { Convention } from "../../script/script-session.ts";

/** One script. */
export interface ModelScript {
  /** What models do, as the end of "Models …". */
  readonly habit: string;
  readonly code: string;
  /** @default both */
  readonly conventions?: readonly Convention[];
  /** What it prints, when it works. */
  readonly prints?: string;
  /** What its standard error says, or a notice. */
  readonly says?: string;
  /** What is said instead where there are no threads and no subprocesses. */
  readonly saysInWasm?: string;
}

const NATIVE: readonly Convention[] = ["native"];
const WIRE: readonly Convention[] = ["wire"];

/** The table. Its tools are those of {@link import("./habits.ts").habitTools}. */
export const MODEL_SCRIPTS: readonly ModelScript[] = [
  // Around the script
  { habit: "wrap the script in a Markdown fence", code: "```python\nprint(1)\n```", prints: "1\n" },
  {
    habit: "write prose around one fenced block",
    code: "Here is the script:\n\n```python\nprint(1)\n```\n\nIt prints one.",
    prints: "1\n",
  },
  { habit: "leave a byte order mark in front", code: "\ufeffprint(1)", prints: "1\n" },
  { habit: "end lines as Windows does", code: "x = 1\r\nif x:\r\n    print(x)\r\n", prints: "1\n" },
  {
    habit: "write a main function behind `if __name__`",
    code: 'async def main():\n    print(1)\n\nif __name__ == "__main__":\n    asyncio.run(main())',
    prints: "1\n",
  },
  { habit: "forget `import asyncio`", code: "print(await asyncio.sleep(0, 1))", prints: "1\n" },
  { habit: "forget `import json`", code: "print(json.dumps([1]))", prints: "[1]\n" },
  { habit: "apply nest_asyncio", code: "import nest_asyncio\nnest_asyncio.apply()\nprint(1)", prints: "1\n" },
  { habit: "return a value at the top", code: "x = 1\nreturn x", says: "print what you need to see" },
  {
    habit: "await in a plain function",
    code: "def load():\n    return await get_report(day=1)\nprint(load())",
    says: "write `async def`, and `await` where it is called",
  },
  {
    habit: "install packages",
    code: "!pip install pandas\nimport pandas",
    says: "packages cannot be installed",
  },
  {
    habit: "import what is not there",
    code: "import polars",
    says: "'polars' is not here and cannot be installed",
  },
  { habit: "forget any other import", code: "print(fractions.Fraction(1, 2))", says: "fractions" },
  // How tools are called
  {
    habit: "gather calls",
    code: "r = await asyncio.gather(*[get_report(day=d) for d in (1, 2)])\nprint(len(r))",
    prints: "2\n",
  },
  {
    habit: "pass one dict",
    code: "print(len(await get_members({'department': 'sales'})))",
    conventions: NATIVE,
    prints: "2\n",
  },
  {
    habit: "pass positions",
    code: "print(len(await get_members('sales')))",
    conventions: NATIVE,
    prints: "2\n",
  },
  {
    habit: "pass the whole input as `input=`",
    code: "print(await get_weather(input={'place': 'Rome', 'from': 'Monday'}))",
    prints: "Rome from Monday\n",
  },
  {
    habit: "write `from_` for a parameter that is called `from`",
    code: "print(await get_weather(place='Rome', from_='Monday'))",
    prints: "Rome from Monday\n",
  },
  {
    habit: "import the tools",
    code: "from tools import get_report\nprint(await get_report(day=1))",
    prints: "fine\n",
  },
  {
    habit: "call them through a module",
    code: "import tools\nprint(await tools.get_report(day=1))",
    prints: "fine\n",
  },
  {
    habit: "call them through `functions`",
    code: "print(await functions.get_report(day=1))",
    prints: "fine\n",
  },
  {
    habit: "call them by name",
    code: "print(await call_tool('search-issues', {'repo': 'a', 'state': 'open'}))",
    prints: "a open\n",
  },
  {
    habit: "write a tool's own name that is no identifier",
    code: "print(await search-issues(repo='a'))",
    says: "the function of the tool 'search-issues' is called search_issues here",
  },
  {
    habit: "write a name in another case",
    code: "await getMembers(department='sales')",
    says: "did you mean get_members?",
  },
  {
    habit: "call a function that there is not",
    code: "await list_invoices()",
    says: "the functions are get_members, get_report",
  },
  {
    habit: "call a tool by a wrong name",
    code: "await call_tool('search_issue', {})",
    says: "did you mean 'search_issues'?",
  },
  {
    habit: "misspell a parameter",
    code: "await search_issues(repo='a', sate='closed')",
    says: '"sate" is not a parameter of "search-issues"; did you mean "state"?',
  },
  {
    habit: "misspell a parameter of an open schema",
    code: "print(len(await get_open(query='a', limt=5)))",
    says: '"limt" is not a parameter of "get_open"; did you mean "limit"?',
  },
  {
    habit: "give a parameter that does not exist",
    code: "await search_issues(repo='a', page=2)",
    says: '"page" is not a parameter of "search-issues"; there are "repo", "state"',
  },
  {
    habit: "name a required parameter otherwise",
    code: "await get_members(dept='sales')",
    says: '"department" is missing; "dept" is not a parameter of "get_members"',
  },
  { habit: "leave out a required parameter", code: "await get_members()", says: '"department" is missing' },
  {
    habit: "let one of ten gathered calls fail",
    code: "await asyncio.gather(*[get_report(day=d) for d in range(10)])",
    says: "(in the call get_report(day=0))",
  },
  // Await
  {
    habit: "iterate over a call without await",
    code: "for member in get_members(department='sales'): print(member)",
    says: "write `await get_members(...)`",
  },
  {
    habit: "index a call without await",
    code: "print(get_report(day=1)[0])",
    says: "write `await get_report(...)`",
  },
  {
    habit: "measure a call without await",
    code: "print(len(get_report(day=1)))",
    says: "write `await get_report(...)`",
  },
  {
    habit: "keep a call without await",
    code: "r = get_report(day=1)\nprint(r.upper())",
    says: "write `await get_report(...)`",
  },
  {
    habit: "print a call without await",
    code: "print(get_report(day=1))",
    says: "coroutine 'get_report' was never awaited",
  },
  {
    habit: "gather what has been awaited",
    code: "await asyncio.gather(await get_members(department='sales'))",
    conventions: NATIVE,
    says: "pass the call without `await`",
  },
  {
    habit: "await what is a value already",
    code: "r = await get_report(day=1)\nprint(await r)",
    says: "leave out the `await`",
  },
  {
    habit: "leave 3,000 tasks behind",
    code: "async def load(day):\n    await get_report(day=day)\nfor d in range(1, 3_001): asyncio.create_task(load(d))\nawait asyncio.sleep(0)",
    says: "tasks (load) were not finished when the cell ended and were cancelled",
  },
  {
    habit: "wait for what never comes",
    code: "await asyncio.Event().wait()",
    says: "nothing can wake this script",
  },
  // Results
  {
    habit: "parse what is parsed",
    code: "print(json.loads(await get_members(department='sales'))[0]['name'])",
    prints: "Alice\n",
  },
  {
    habit: "use text as if it were parsed",
    code: "print((await get_members(department='sales'))[0]['name'])",
    conventions: WIRE,
    says: "parse it with json.loads(...) first",
  },
  {
    habit: "parse text that is no JSON",
    code: "print(json.loads(await get_report(day=1)))",
    says: "the text that was to be parsed is no JSON; it begins with 'fine'",
  },
  {
    habit: "ask for a key that is not there",
    code: "rows = await get_members(department='sales')\nprint([r['fullname'] for r in rows])",
    conventions: NATIVE,
    says: "the keys are 'name', 'salary'",
  },
  {
    habit: "read a field as an attribute",
    code: "rows = await get_members(department='sales')\nfor row in rows:\n    print(row.name)",
    conventions: NATIVE,
    says: 'write ["name"] in place of .name',
  },
  {
    habit: "take a list for a dict",
    code: "rows = await get_members(department='sales')\nprint(rows['members'])",
    conventions: NATIVE,
    says: "it is a list of 2 dicts",
  },
  {
    habit: "write the types that the description shows",
    code: "rows: list[Member] = await get_members(department='sales')\ndef total(rows: list[Member]) -> Any:\n    return sum(r['salary'] for r in rows)\nprint(total(rows))",
    conventions: NATIVE,
    prints: "300\n",
  },
  {
    habit: "print everything",
    code: "for i in range(200_000): print('row', i)\nprint('the answer')",
    says: "Too much was printed",
  },
  // The machine
  { habit: "ask the user", code: "input('Continue? ')", says: "the script has no input" },
  {
    habit: "open files of the host",
    code: "open('/data/members.csv')",
    says: "files of the host are not here",
  },
  {
    habit: "fetch from the network",
    code: "import urllib.request\nurllib.request.urlopen('http://example.com')",
    says: "there is no network here",
  },
  {
    habit: "use threads",
    code: "import concurrent.futures\nwith concurrent.futures.ThreadPoolExecutor() as pool:\n    print(list(pool.map(abs, [-1])))",
    prints: "[1]\n",
    saysInWasm: "there are no threads here",
  },
];
