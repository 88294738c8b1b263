/** Values that are mostly there at once: small inputs are checked in the call, large ones later. */

/** A value, or the promise of one. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Goes on with a value: at once when it is there. */
export function chain<Value, Next>(
  value: MaybePromise<Value>,
  goOn: (value: Value) => MaybePromise<Next>,
): MaybePromise<Next> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
