/**
 * Stops sessions when the process ends without having closed them.
 *
 * Best effort: when nothing is left to do (`beforeExit`) and on SIGINT, SIGTERM and SIGHUP if nobody else listens to them;
 * the signal then takes its course. A crash or SIGKILL is left to the session timeout at AgentCore.
 */

/** Something that can be closed. */
interface Closable {
  close(): Promise<void>;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Time for stopping after a signal. */
const SIGNAL_GRACE_MS = 5000;

const guarded = new Map<Closable, { readonly withSignals: boolean }>();

/** Closes `closable` when the process ends; the returned function says that it is closed. */
export function guardExit(closable: Closable, withSignals: boolean): () => void {
  if (guarded.size === 0) {
    process.on("beforeExit", onBeforeExit);
    for (const name of SIGNALS) process.on(name, onSignal);
  }
  guarded.set(closable, { withSignals });
  return () => {
    if (guarded.delete(closable) && guarded.size === 0) stopListening();
  };
}

function stopListening(): void {
  process.off("beforeExit", onBeforeExit);
  for (const name of SIGNALS) process.off(name, onSignal);
}

function onBeforeExit(): void {
  void closeAll(() => true);
}

function onSignal(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return; // whoever listens decides, and closes the sandbox
  const grace = new Promise((resolve) => setTimeout(resolve, SIGNAL_GRACE_MS).unref());
  void Promise.race([closeAll(({ withSignals }) => withSignals), grace]).then(() => {
    stopListening();
    process.kill(process.pid, name);
  });
}

async function closeAll(isWanted: (entry: { readonly withSignals: boolean }) => boolean): Promise<void> {
  const wanted = [...guarded].filter(([, entry]) => isWanted(entry)).map(([closable]) => closable);
  await Promise.allSettled(wanted.map((closable) => closable.close()));
}
