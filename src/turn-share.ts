/**
 * The share of a turn of the event loop that work on bytes from outside may take.
 *
 * Whatever reads, checks or writes what a script or a client sent asks `due` now and then, and lets the loop go on when
 * it is: so one session that does its worst costs its neighbours a share a turn, not seconds. The turn is one for all:
 * ten sessions that work in the same turn have one share between them, and those that yielded go on one a turn, in the
 * order in which they came.
 */

/** Milliseconds that such work may take of one turn. */
export const TURN_SHARE_MS = 10;

/** When the first such work of this turn began; undefined while there was none. */
let turnStartedAt: number | undefined;

const waiting: (() => void)[] = [];
let isScheduled = false;

/** One piece of work, from its creation on. Made where the work begins; not to be kept between turns. */
export class TurnShare {
  #usedMs = 0;
  #since = performance.now();

  constructor() {
    beginTurn(this.#since);
  }

  /** Whether the share of this turn is used up, by whomever. */
  get due(): boolean {
    const now = performance.now();
    return now - beginTurn(now) >= TURN_SHARE_MS;
  }

  /** Milliseconds of this work so far, without the time in which it had yielded. */
  get usedMs(): number {
    return this.#usedMs + performance.now() - this.#since;
  }

  /** Lets the loop go on; resolves in a later turn. */
  async yieldTurn(): Promise<void> {
    this.#usedMs = this.usedMs;
    await nextTurn();
    this.#since = performance.now();
    beginTurn(this.#since);
  }
}

/** When the work of this turn began; the turn ends when the loop comes to its immediates. */
function beginTurn(now: number): number {
  if (turnStartedAt === undefined) {
    turnStartedAt = now;
    schedule();
  }
  return turnStartedAt;
}

function nextTurn(): Promise<void> {
  const turn = Promise.withResolvers<void>();
  waiting.push(turn.resolve);
  schedule();
  return turn.promise;
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(startTurn);
}

function startTurn(): void {
  isScheduled = false;
  turnStartedAt = undefined;
  waiting.shift()?.();
  if (waiting.length > 0) schedule();
}

/** Work in steps, for what a script or a client sent: a `yield` is where the loop may go on. */
export type Steps<Value> = Generator<undefined, Value, undefined>;

/** Runs steps to their end, in shares of a turn: at once when one share is enough. @throws what the steps throw */
export function runInShares<Value>(
  steps: Steps<Value>,
  share: TurnShare = new TurnShare(),
): Value | Promise<Value> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (share.due) return runLater(steps, share);
  }
}

async function runLater<Value>(steps: Steps<Value>, share: TurnShare): Promise<Value> {
  await share.yieldTurn();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (share.due) await share.yieldTurn();
  }
}

/** Runs steps to their end at once: for what is known to be small. @throws what the steps throw */
export function runAtOnce<Value>(steps: Steps<Value>): Value {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
