/**
 * A gauge whose value is not kept but read from its owner.
 */
import { Gauge, type Registry } from "prom-client";

/** Adds a gauge that is read when somebody looks. */
export function addSource(name: string, help: string, read: () => number, registers: Registry[]): void {
  const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) });
}
