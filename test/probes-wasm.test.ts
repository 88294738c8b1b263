import { spawnSync } from "node:child_process";
import { describeProbes } from "./probe-expectations.ts";
import { requireOrSkip } from "./require.ts";

const findPython = (): boolean => spawnSync("python3", ["--version"]).status === 0;

describeProbes("wasm", await requireOrSkip("python", findPython));
