import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { type PoolEvent, type PoolOptions, type PoolableSession, pool } from "./pool.ts";

/** Sessions without an interpreter, whose start the test finishes by hand. */
function createBackend() {
  const starts: {
    finish: (session: PoolableSession) => void;
    fail: (error: Error) => void;
    signal: AbortSignal | undefined;
  }[] = [];
  const live = new Set<PoolableSession>();
  let made = 0;

  function makeSession(): PoolableSession & { end: () => void } {
    made += 1;
    const ended = Promise.withResolvers<void>();
    let alive = true;
    const session = {
      id: `s${made}`,
      python: "3.13.0",
      frames: (async function* frames() {})(),
      send: () => undefined,
      interrupt() {},
      get alive() {
        return alive;
      },
      ended: ended.promise,
      end() {
        alive = false;
        live.delete(session);
        ended.resolve();
      },
      async close() {
        session.end();
      },
    };
    live.add(session);
    return session;
  }

  return {
    starts,
    live,
    open: ({ signal }: { signal?: AbortSignal }) =>
      new Promise<PoolableSession>((finish, fail) => {
        signal?.addEventListener("abort", () => fail(signal.reason as Error), { once: true });
        starts.push({ finish, fail, signal });
      }),
    /** Finishes the oldest start that is under way. */
    async finishOne() {
      const session = makeSession();
      starts.shift()?.finish(session);
      await nextTurn();
      return session;
    },
    async failOne(error = new Error("no daemon")) {
      starts.shift()?.fail(error);
      await nextTurn();
    },
  };
}

function createPool(options: Partial<PoolOptions> = {}) {
  const backend = createBackend();
  const events: PoolEvent[] = [];
  const sessions = pool(backend.open, {
    size: 2,
    refillDelayMs: 0,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { backend, sessions, events };
}

const code = (wanted: string) => expect.objectContaining({ code: wanted }) as Error;

describe("pool() starting ahead", () => {
  test("starts its size at once, and the next when one was taken", async () => {
    const { backend, sessions } = createPool();
    expect(backend.starts).toHaveLength(2);
    const first = await backend.finishOne();
    await backend.finishOne();
    expect(sessions.stats()).toMatchObject({ warm: 2, starting: 0 });

    expect(await sessions.open()).toBe(first);
    await nextTurn();
    expect(sessions.stats()).toMatchObject({ warm: 1, starting: 1, inUse: 1, openedWarm: 1 });
  });

  test("never hands a session out twice", async () => {
    const { backend, sessions } = createPool();
    await backend.finishOne();
    const taken = await sessions.open();
    await taken.close();
    await backend.finishOne();
    expect(await sessions.open()).not.toBe(taken);
  });

  test("replaces a session that ended by itself, and does not hand it out", async () => {
    const { backend, sessions, events } = createPool({ size: 1 });
    const first = await backend.finishOne();
    first.end();
    await nextTurn();
    expect(events).toContainEqual({ type: "lost", id: first.id, why: "ended" });
    const opening = sessions.open();
    const second = await backend.finishOne();
    expect(await opening).toBe(second);
    expect(sessions.stats()).toMatchObject({ lost: 1, opened: 1, openedWarm: 0 });
  });

  test("replaces a session that grew too old", async () => {
    vi.useFakeTimers();
    try {
      const { backend, sessions } = createPool({ size: 1, maxAgeMs: 1_000 });
      backend.starts[0]?.finish(await Promise.resolve(createSession(backend)));
      await vi.advanceTimersByTimeAsync(1_000);
      expect(sessions.stats()).toMatchObject({ warm: 0, expired: 1, starting: 1 });
      expect(backend.live.size).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test("leaves the machine to those who took sessions, then fills up without a pause", async () => {
    vi.useFakeTimers();
    try {
      const { backend, sessions } = createPool({ size: 3, refillDelayMs: 100, maxConcurrentRefills: 1 });
      const add = async () => {
        backend.starts.shift()?.finish(createSession(backend));
        await vi.advanceTimersByTimeAsync(0);
      };
      for (let count = 0; count < 3; count += 1) await add();
      for (const heldMs of [0, 99]) {
        await vi.advanceTimersByTimeAsync(heldMs);
        await sessions.open();
        expect(sessions.stats()).toMatchObject({ starting: 0 });
      }
      await vi.advanceTimersByTimeAsync(99);
      expect(sessions.stats()).toMatchObject({ warm: 1, starting: 0 });
      await vi.advanceTimersByTimeAsync(1);
      expect(sessions.stats()).toMatchObject({ warm: 1, starting: 1 });
      await sessions.open();
      await add();
      expect(sessions.stats()).toMatchObject({ warm: 1, starting: 1 });
    } finally {
      vi.useRealTimers();
    }
  });

  test("holds back for four delays at most, however many are taken", async () => {
    vi.useFakeTimers();
    try {
      const { backend, sessions } = createPool({ size: 9, refillDelayMs: 100, maxConcurrentRefills: 9 });
      for (const start of backend.starts.splice(0)) start.finish(createSession(backend));
      await vi.advanceTimersByTimeAsync(0);
      for (let taken = 0; taken < 8; taken += 1) {
        await sessions.open();
        await vi.advanceTimersByTimeAsync(taken < 7 ? 50 : 49);
        expect(sessions.stats().starting).toBe(0);
      }
      await vi.advanceTimersByTimeAsync(1);
      expect(sessions.stats().starting).toBe(8);
    } finally {
      vi.useRealTimers();
    }
  });

  test("goes on after failures by itself, ever more slowly, and at once for somebody who waits", async () => {
    vi.useFakeTimers();
    try {
      const { backend, sessions, events } = createPool({ size: 1 });
      for (const pauseMs of [250, 500, 1_000]) {
        backend.starts.shift()?.fail(new Error("no daemon"));
        await vi.advanceTimersByTimeAsync(0);
        expect(events.at(-1)).toMatchObject({ type: "start-failed", retryInMs: pauseMs });
        expect(backend.starts).toHaveLength(0);
        await vi.advanceTimersByTimeAsync(pauseMs);
        expect(backend.starts).toHaveLength(1);
      }
      backend.starts.shift()?.fail(new Error("no daemon"));
      await vi.advanceTimersByTimeAsync(0);
      const opening = sessions.open();
      expect(backend.starts).toHaveLength(1);
      const session = createSession(backend);
      backend.starts.shift()?.finish(session);
      expect(await opening).toBe(session);
      await vi.advanceTimersByTimeAsync(0);
      expect(sessions.stats()).toMatchObject({ retryInMs: 0, starting: 1, failed: 4 });
    } finally {
      vi.useRealTimers();
    }
  });
});

function createSession(backend: ReturnType<typeof createBackend>): PoolableSession {
  const session: PoolableSession = {
    id: "made",
    python: "3.13.0",
    frames: (async function* frames() {})(),
    send: () => undefined,
    interrupt() {},
    alive: true,
    ended: new Promise(() => {}),
    async close() {
      backend.live.delete(session);
    },
  };
  backend.live.add(session);
  return session;
}

describe("pool() under a burst", () => {
  test("starts the rest at once up to the limit, and serves in order", async () => {
    const { backend, sessions } = createPool({ size: 1, maxConcurrentStarts: 3 });
    const warm = await backend.finishOne();
    const opening = Array.from({ length: 6 }, () => sessions.open());
    await nextTurn();
    expect(sessions.stats()).toMatchObject({ starting: 3, queued: 5 });
    const started = [warm];
    while (backend.starts.length > 0 && started.length < 6) started.push(await backend.finishOne());
    expect(await Promise.all(opening)).toEqual(started);
  });

  test("never has more than `maxOpen` sessions, and goes on when one is closed", async () => {
    const { backend, sessions } = createPool({ size: 0, maxOpen: 2 });
    const opening = Array.from({ length: 3 }, () => sessions.open());
    expect(sessions.stats()).toMatchObject({ starting: 2, queued: 3 });
    const first = await backend.finishOne();
    await backend.finishOne();
    expect(sessions.stats()).toMatchObject({ starting: 0, inUse: 2, queued: 1 });
    await first.close();
    await nextTurn();
    const third = await backend.finishOne();
    expect(await opening[2]).toBe(third);
  });

  test("refuses with `pool-exhausted` when the queue is full", async () => {
    const { sessions } = createPool({ size: 0, maxOpen: 1, maxQueue: 1 });
    const waiting = sessions.open();
    await expect(sessions.open()).rejects.toEqual(code("pool-exhausted"));
    expect(sessions.stats()).toMatchObject({ refused: 1, queued: 1 });
    await sessions.close();
    await expect(waiting).rejects.toEqual(code("session-closed"));
  });

  test("refuses with `pool-exhausted` when the deadline passes, naming how it stands", async () => {
    const { sessions } = createPool({ size: 0, maxOpen: 1, queueTimeoutMs: 5 });
    await expect(sessions.open()).rejects.toThrow(
      'nothing became free within "5" ms ("0" in use, "1" starting, at most "1")',
    );
  });

  test("lets go of one whose signal is aborted, and keeps what was started for it", async () => {
    const { backend, sessions } = createPool({ size: 0 });
    const controller = new AbortController();
    const opening = sessions.open({ signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toEqual(code("aborted"));
    const surplus = await backend.finishOne();
    expect(surplus.alive).toBe(false);
    await expect(sessions.open({ signal: controller.signal })).rejects.toEqual(code("aborted"));
    expect(sessions.stats()).toMatchObject({ warm: 0, starting: 0, inUse: 0, refused: 2 });
  });

  test("tells the one who waits longest when a start fails", async () => {
    const { backend, sessions } = createPool({ size: 0 });
    const [first, second] = [sessions.open(), sessions.open()];
    const failure = new Error("no daemon");
    await Promise.all([expect(first).rejects.toBe(failure), backend.failOne(failure)]);
    const session = await backend.finishOne();
    expect(await second).toBe(session);
  });
});

describe("pool().close()", () => {
  test("ends what is warm, in use and starting, and refuses from then on", async () => {
    const { backend, sessions } = createPool();
    await backend.finishOne();
    await sessions.open();
    await nextTurn();
    await backend.finishOne();
    expect(sessions.stats()).toMatchObject({ warm: 1, inUse: 1, starting: 1 });
    await Promise.all([sessions.close(), sessions.close()]);
    expect(backend.live.size).toBe(0);
    expect(sessions.stats()).toMatchObject({ warm: 0, inUse: 0, starting: 0 });
    await expect(sessions.open()).rejects.toEqual(code("session-closed"));
  });
});

describe("pool() options", () => {
  test.each<Partial<PoolOptions>>([{ size: -1 }, { size: 3, maxOpen: 2 }, { maxAgeMs: 0 }])(
    "throws `invalid-argument` for %j",
    (options) => {
      expect(() => createPool(options)).toThrow(code("invalid-argument"));
    },
  );
});
