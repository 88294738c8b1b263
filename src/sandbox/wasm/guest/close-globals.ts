/**
 * Takes away what JavaScript would find on the global object: the language stays, the platform goes.
 *
 * No boundary: what goes can be had in other ways by a script that has found its way to JavaScript. It closes the plain ways
 * (workers, graphics, `Deno` itself) where no wall of the kernel's stands, and there it counts.
 */

/** ECMAScript's own, and what Pyodide uses of the platform. */
const KEPT: ReadonlySet<string> = new Set(
  (
    "Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp " +
    "Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError globalThis " +
    "JSON Math Intl ArrayBuffer SharedArrayBuffer Atomics DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array " +
    "Int32Array BigUint64Array BigInt64Array Uint8ClampedArray Float16Array Float32Array Float64Array Map BigInt Set " +
    "Iterator WeakMap WeakSet Proxy Reflect FinalizationRegistry WeakRef DisposableStack AsyncDisposableStack Temporal " +
    "decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval isFinite isNaN WebAssembly " +
    "AbortController AbortSignal DOMException TextDecoder TextEncoder URL clearTimeout setTimeout console crypto performance"
  ).split(" "),
);

/** Removes every other global. @throws when one stays */
export function closeGlobals(): void {
  const globals = globalThis as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(globals)) if (!KEPT.has(name)) delete globals[name];
}
