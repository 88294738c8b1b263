/**
 * What the project promises, one sentence each. Every id is cited by at least one test, either as a case of the sandbox
 * contract (`src/testing/cases`), or as `[id]` in the title of a test; `requirements.test.ts` fails when one is not.
 */

/** One promise. */
export interface Requirement {
  readonly id: string;
  /** Where it comes from. */
  readonly source: string;
  readonly says: string;
}

export const requirements: readonly Requirement[] = [
  ...promises("design 4.2", {
    "script.top-level-await": "await works outside of any function",
    "script.gather": "asyncio.gather returns results in the order of its arguments",
    "script.asyncio-run": "asyncio.run(main()) works in plain code, more than once",
    "script.asyncio-run-nested":
      "asyncio.run works in a cell that also awaits at its top level, and leaves its other tasks alone",
    "script.run-until-complete": "loop.run_until_complete works, from a loop that is asked for or made anew",
    "script.main-guard": '__name__ is "__main__"',
    "script.main-module": "definitions live in the module __main__: dataclasses, pickle and type hints work",
    "script.classes": "classes, closures, decorators, generators and comprehensions see the script's names",
    "script.multiline-strings": "multi-line string literals are untouched",
    "script.standard-modules": "the standard modules that scripts use import and work",
    "script.variables-persist": "variables, functions and imports persist from cell to cell",
    "script.variables-persist-after-exception":
      "variables persist also after an exception and after sys.exit",
    "script.threads": "asyncio.to_thread works where there are threads, and says so where there are none",
    "script.stdin-empty":
      "standard input is empty: input() raises EOFError and nothing of the protocol can be read",
    "call.native": "native: keyword arguments in, parsed JSON out",
    "call.native-dict": "native: one dict in works as well",
    "call.positional": "positional arguments follow the declared order",
    "call.wire": "wire: one dict in, text out; keyword arguments work as well",
    "call.alias": "a tool whose name is no identifier is called by its alias",
    "call.coroutine-function":
      "tools are coroutine functions: create_task, gather and asyncio.run take their calls",
    "call.error-catchable":
      "a tool that throws raises a ToolError with its message, which a script can catch",
    "call.error-uncaught": "an uncaught ToolError ends the cell with a traceback at the script's own line",
    "call.schema-refused":
      "arguments against the schema: ToolError naming field and reason, and the tool does not run",
    "call.arity": "too many, double or unserialisable arguments: ToolError, and nothing is sent",
    "call.unknown": "an unknown tool is a NameError like any unknown name",
    "call.replaced-tools": "tools may change between cells; one that is gone is gone",
    "call.never-awaited": "a call that was never awaited is named on standard error",
    "call.caller-enforced": "a tool that only the model may call does not exist in a script",
    "call.cancelled":
      "a call whose task is cancelled is given up on the host, and its late answer is ignored",
    "error.traceback": "a traceback has the script's own line numbers and source lines, and none of ours",
    "error.traceback-async": "the same in async code, under gather and under asyncio.run",
    "error.traceback-earlier-cell": "a function of an earlier cell shows that cell's source lines",
    "error.chained": "chained exceptions and notes are shown",
    "error.syntax": "a syntax error has line, source and caret, and runs nothing",
    "error.sys-exit": "sys.exit(3), sys.exit() and raise SystemExit('x') give 3, 0 and 1 with the text",
    "error.exception-group": "an unhandled ExceptionGroup is shown with its members",
    "error.recursion": "a recursion overflow is a RecursionError and the session lives on",
    "error.keyboard-interrupt": "a script's own KeyboardInterrupt ends the cell with 130, as in a shell",
    "error.broken-streams": "a script that closes or replaces its streams harms only its own cell",
    "tool.alias-collision": "an ambiguous alias is refused when the tools are declared",
  }),
  ...promises("issue 11, part 6", {
    "habit.works": "a script that a competent model would plausibly write works",
    "habit.says": "where it cannot, what the model reads back says what to change",
  }),
  ...promises("issue 2, bad input", {
    "value.undefined": "undefined and null are None",
    "value.cycle": "a cycle is a ToolError that names the place",
    "value.bigint": "a BigInt that a number holds exactly arrives as int, a larger one is a ToolError",
    "value.throws": "whatever a tool throws is a ToolError, also what is no Error, thrown at once",
    "value.unicode":
      "text survives the way there and back: non-ASCII, quotes, newlines, line separators, NUL",
    "value.numbers": "large whole numbers from a script arrive exactly or are refused, floats round-trip",
    "value.large-result": "a result of 20 MB arrives whole",
    "value.too-large-result": "a result over the limit is a ToolError that says its size",
    "value.large-input":
      "an argument of 1 MiB arrives whole; one of 50 MB is a ToolError and never leaves the sandbox",
    "value.many-parts":
      "an argument of 200,000 items arrives; one of millions is a ToolError and never leaves the sandbox",
    "value.many-large":
      "hundreds of large arguments and results at once arrive whole, though neither side holds them all",
    "wasm.contained":
      "host files, environment, network and processes are out of a script's reach, through Python, js, pyodide_js, NODEFS and ctypes",
  }),
  ...promises("design 4.1", {
    "wave.gather": "a gather of 20 is one wave with 20 calls in flight",
    "wave.levels": "two dependent levels are two waves",
    "wave.semaphore": "a semaphore of 5 over 20 calls makes four waves",
    "wave.sequential": "sequential calls are a wave each",
    "wave.blocked-event": "the event blocked carries the whole wave, after every one of its calls",
    "wave.any-order": "results are matched by id, in whatever order they return",
    "wave.wait-for":
      "wait_for around a call that never returns times out, the call is given up, the script goes on",
    "wave.sleep": "asyncio.sleep waits inside the sandbox, also while calls are pending",
    "wave.busy-loop-hears": "a loop that never waits still gets its results",
    "output.fidelity": "blank lines, sep, end, write, buffer and a missing last newline are as in CPython",
    "output.stderr": "print(file=sys.stderr), logging and warnings reach standard error and nothing else",
    "output.unicode": "any text can be printed, lone surrogates and split characters included",
    "output.large-lines": "a line of 800 KB arrives whole",
    "output.live": "output leaves with the wave, while the call is still pending",
    "output.live-computing": "output leaves while a script computes without waiting",
    "output.frames-are-text": "printed frames and markers, own or guessed, are text on both streams",
    "output.descriptors": "bytes written to descriptors 1 and 2 behind Python's back are output, too",
    "output.subprocess":
      "what a subprocess prints is output, where there are subprocesses; elsewhere they are refused",
    "frames.golden": "host and runner agree with the same golden transcripts",
    "frames.host-validates":
      "the host ends a session whose runner sends a forged, duplicated, late, huge or malformed frame, and nothing else",
    "frames.runner-validates": "the runner refuses a malformed frame of the host",
    "frames.stdio-runner": "the runner travels as one argument and speaks the protocol over standard streams",
  }),
  ...promises("design 4.4", {
    "budget.running-time": "an endless loop is interrupted after its running time, and its variables survive",
    "budget.running-time-stubborn":
      "a script that ignores the interrupt is killed, and the result says that its variables are lost",
    "budget.waiting-is-not-running": "time spent waiting for tools and timers does not count as running",
    "budget.total-time":
      "a script that only waits is interrupted after its whole time, and its variables survive",
    "budget.waits-for-nothing":
      "a script that waits for what nothing can bring fails at once, at the line that waits; variables survive",
    "budget.call-time":
      "a tool that never returns raises TimeoutError inside the script, and its signal is aborted",
    "budget.calls":
      "more calls than the budget of a cell: ToolError naming the budget; the next cell has its own",
    "budget.calls-in-flight": "a million pending calls stop at the budget; the host never sees more",
    "budget.output": "100 MB of prints are cut to the budget and counted; the beginning and the end are kept",
    "budget.output-answer":
      "of output beyond the budget both streams keep their end: an answer printed last, and the error after it",
    "budget.memory":
      "a memory bomb ends as MemoryError or with its interpreter, never with the host; other sessions go on",
    "session.independent": "two sessions share nothing: no variables, no random numbers",
    "session.one-cell": "a second cell is refused while one runs",
    "session.interrupt":
      "interrupt() raises KeyboardInterrupt in a script that waits for a call; variables survive",
    "session.closed-while-pending":
      "closing while calls are pending settles everything: the run rejects, signals are aborted",
    "session.aborted": "aborting a run ends its script at once, and the run rejects with aborted",
    "session.lifetime": "a session ends with its lifetime, in the middle of a cell, too",
    "session.leftover-task": "a task that a cell left behind makes no call between cells",
    "session.many-cells": "200 cells in one session, each with calls",
  }),
  ...promises("issue 2, part 3", {
    "wasm.ends-with-host": "the WASM sandbox ends with its host, also when the host is killed with -9",
    "wasm.snapshot": "a damaged snapshot is rebuilt; a snapshot is written atomically",
    "wasm.memory": "memory is capped, that of the script and that of the process",
  }),
  ...promises("issue 10, root 5", {
    "docker.ends-with-host": "a container ends with its host, also a killed one, whatever the script does",
    "docker.process-one":
      "process 1 runs no interpreter of the script, which can neither stop nor trace nor slow it",
    "docker.lease": "no container outlives its lease, of whichever host and machine",
    "docker.own-user": "each session has a user of its own, of a range without root",
    "docker.system-calls": "a script makes the system calls that Python needs and no others",
    "guard.labels": "the guard writes the labels itself, and removes what is left of its containers",
  }),
  ...promises("issue 10, root 6", {
    "wasm.kernel-wall":
      "on Linux the kernel refuses a guest all but what a running one needs, or no session starts; elsewhere it is told",
    "wasm.no-threads": "plain Python that finds JavaScript starts no worker and loads no graphics driver",
    "wasm.memory-by-kernel": "memory stays bounded while the host's loop stands still",
    "wasm.full-input": "a guest whose input is full ends with its host, too",
    "wasm.snapshot-owner": "a snapshot that another user owns or could change is not used",
    "wasm.silent-output": "what a guest writes past the frames costs the host nothing, or ends its session",
  }),
  ...promises("design 4.5", {
    "tool.json-schema":
      "tools are declared with Zod or with JSON Schema; input is validated before execute runs",
    "agent.caller-enforced":
      "a direct call of a tool that only scripts may call goes back to the model as an error",
  }),
  ...promises("issue 2, part 5", {
    "tool.signature": "Python signatures carry types, defaults and docstrings",
  }),
  ...promises("design 4.6", {
    "model.bedrock-routes": "Claude goes over InvokeModel, every other family over Converse",
    "prompt.small": "the code_execution tool costs at most 600 tokens for three tools",
  }),
  ...promises("aws.md 1.2", {
    "model.bedrock-strip": "fields that Bedrock rejects are stripped",
  }),
  ...promises("issue 2, part 6", {
    "model.retry-visible": "retries of the AWS SDK are visible as notices",
  }),
  ...promises("issue 2, part 7", {
    "emulator.real-clients":
      "the AWS SDK and the Anthropic Bedrock SDK work with the emulator, over HTTP/2 and HTTP/1.1",
    "emulator.faults": "faults on demand reach real clients as the service's own",
  }),
  ...promises("design", {
    "agent.two-samples": "one script, two samples",
  }),
  ...promises("issue 2, part 8", {
    "agent.truncated-code": "truncated code is never run",
    "agent.traceback-returns": "a failing script goes back to the model with its traceback",
  }),
  ...promises("issue 2", {
    "demo.raw-records-stay-out": "no expense id is in any request body of the programmatic way",
  }),
];

/** The promises that come from one place. */
function promises(source: string, said: Readonly<Record<string, string>>): Requirement[] {
  return Object.entries(said).map(([id, says]) => ({ id, source, says }));
}
