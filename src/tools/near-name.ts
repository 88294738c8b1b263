/**
 * The name that was probably meant by one that does not exist.
 */

/** Longer names are not compared letter by letter. */
const MAX_COMPARED_CHARS = 64;
/** Names that are compared; of more nobody misspelt exactly one. */
const MAX_COMPARED_NAMES = 200;

/** The one of `names` that `given` most likely stands for, or undefined when none is near. */
export function findNearName(given: string, names: readonly string[]): string | undefined {
  if (given.length > MAX_COMPARED_CHARS) return undefined;
  const plain = toPlain(given);
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.floor(given.length / 3)) + 1;
  for (const name of names.slice(0, MAX_COMPARED_NAMES)) {
    if (name.length > MAX_COMPARED_CHARS) continue;
    const other = toPlain(name);
    if (other === plain) return name;
    const distance = isPart(given, name) ? 0.5 : toDistance(plain, other, bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Without what differs between the ways to write a name. */
function toPlain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** Whether one name is the other's first or last words: `id` and `employee_id`. */
function isPart(first: string, second: string): boolean {
  const [short, long] = first.length < second.length ? [first, second] : [second, first];
  const [inner, outer] = [toWords(short), toWords(long)];
  return inner.length > 1 && (outer.startsWith(inner) || outer.endsWith(inner));
}

/** `employeeId` and `employee_id` as ` employee id `. */
function toWords(name: string): string {
  const words = name.replaceAll(/([a-z])(?=[A-Z])/g, "$1 ").replaceAll(/[^A-Za-z0-9]+/g, " ");
  return ` ${words.toLowerCase().trim()} `;
}

/** Letters to change, add, leave out or swap; `limit` when they are as many or more. */
function toDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row += 1) {
    const next = [row];
    for (let at = 1; at <= to.length; at += 1) {
      const isSame = from[row - 1] === to[at - 1];
      const isSwap = row > 1 && at > 1 && from[row - 1] === to[at - 2] && from[row - 2] === to[at - 1];
      next.push(
        Math.min(
          (last[at] ?? limit) + 1,
          (next[at - 1] ?? limit) + 1,
          (last[at - 1] ?? limit) + (isSame ? 0 : 1),
          isSwap ? (before[at - 2] ?? limit) + 1 : limit,
        ),
      );
    }
    [before, last] = [last, next];
  }
  return Math.min(limit, last[to.length] ?? limit);
}
