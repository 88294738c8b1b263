/**
 * The tools of a session, and what of them its runner does not know yet.
 */
import type { OutgoingFrame } from "../protocol/frames.ts";
import { toToolDeclarations } from "../tools/python-alias.ts";
import { findTypeWords, readTypeNames } from "../tools/signature-types.ts";
import type { Tool } from "../tools/tool.ts";
import type { Convention } from "./script-session.ts";

/** The tools that scripts may call. */
export class DeclaredTools {
  readonly #convention: Convention;
  #tools: readonly Tool[] = [];
  #byName: ReadonlyMap<string, Tool> = new Map();
  #typeNames: ReadonlySet<string> | undefined;
  #types: readonly string[] = [];
  #isDeclared = true;

  constructor(convention: Convention) {
    this.#convention = convention;
  }

  get byName(): ReadonlyMap<string, Tool> {
    return this.#byName;
  }

  /** Takes those of `tools` that scripts may call in place of all earlier ones. @throws {ToolscriptError} `invalid-tool` */
  replace(tools: readonly Tool[]): void {
    const callable = tools.filter((tool) => tool.allowedCallers.includes("programmatic"));
    toToolDeclarations(callable);
    if (callable.length > 0 || this.#tools.length > 0) this.#isDeclared = false;
    this.#tools = callable;
    this.#byName = new Map(callable.map((tool) => [tool.name, tool]));
    this.#typeNames = undefined;
    this.#types = [];
  }

  /** What the runner has to be told before it runs `code`: the tools, with the types of signatures that scripts speak of. */
  toFrames(code: string): OutgoingFrame[] {
    const newTypes = this.#findTypes(code).filter((name) => !this.#types.includes(name));
    if (this.#isDeclared && newTypes.length === 0) return [];
    this.#isDeclared = true;
    this.#types = [...this.#types, ...newTypes];
    const known = this.#types.length === 0 ? {} : { types: [...this.#types] };
    return [{ type: "tools", tools: toToolDeclarations(this.#tools), ...known }];
  }

  /** Most scripts speak of no type: the signatures are written once for the tools, when one may. */
  #findTypes(code: string): string[] {
    const words = this.#tools.length === 0 ? [] : findTypeWords(code);
    if (words.length === 0) return [];
    const names = (this.#typeNames ??= readTypeNames(this.#tools, this.#convention));
    return words.filter((word) => names.has(word));
  }
}
