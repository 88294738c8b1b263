/** The process of one case: runs it, and sends what it cost and what it gave to the test. */
import { pathToFileURL } from "node:url";
import { type Measurement, startMeasuring } from "./measure.ts";

/** What a case gets. */
export interface CaseContext {
  /** Begins to measure; called once, after the case has prepared and warmed up what it needs. */
  measure(): Promise<void>;
  /** Does work of the case itself, which is not counted: making what is sent, for example. */
  uncounted<Value>(work: () => Value): Value;
}

/** A case, as `run-case.ts` describes it. */
type HostileCase = (context: CaseContext, argument: unknown) => Promise<unknown>;

const [, , file = "", name = "", argument = "null"] = process.argv;
const cases = (await import(pathToFileURL(file).href)) as Record<string, HostileCase | undefined>;
const run = cases[name];
if (run === undefined) throw new Error(`"${file}" exports no case "${name}"`);

let measurement: Measurement | undefined;
const context: CaseContext = {
  async measure() {
    measurement = await startMeasuring();
  },
  uncounted: (work) => (measurement === undefined ? work() : measurement.uncounted(work)),
};
const value = await run(context, JSON.parse(argument));
if (measurement === undefined) throw new Error(`The case "${name}" measured nothing`);
const cost = await measurement.stop();
process.send?.({ cost, value }, undefined, undefined, () => process.exit(0));
