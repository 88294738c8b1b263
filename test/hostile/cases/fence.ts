/** What a model sends in place of a script. */
import { parseCodeExecutionInput } from "../../../src/script/code-execution.ts";
import type { CaseContext } from "../child.ts";

const LENGTH = 2_000_000;

/** Texts that begin like a fence around a script, and go on for long. */
export async function fences(context: CaseContext): Promise<readonly boolean[]> {
  const texts = [
    `\`\`\`${" ".repeat(LENGTH)}`,
    `\`\`\`${" \t".repeat(LENGTH)}python\nprint(1)\n\`\`\``,
    `${" ".repeat(LENGTH)}\`\`\``,
    `${"`".repeat(LENGTH)}\n${"`".repeat(LENGTH)}`,
    `\`\`\`python\n${"\n".repeat(LENGTH)}`,
    `~~~py${" ".repeat(LENGTH)}x\n~~~`,
  ];
  await context.measure();
  const found: boolean[] = [];
  for (const code of texts) {
    found.push(parseCodeExecutionInput({ code }).ok);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return found;
}
