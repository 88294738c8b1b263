/**
 * The tools file of the example: `toolscript run|exec --tools examples/expense-auditor/tools.ts`.
 */
import type { Tool } from "../../src/tools/tool.ts";
import { createExpenseTools } from "./create-expense-tools.ts";

/** The three tools; `--calling` decides who calls them. */
export const tools: readonly Tool[] = createExpenseTools();
