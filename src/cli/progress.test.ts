import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createProgress } from "./progress.ts";

const ERASE = "\r\u001B[2K";
const LONG_ENOUGH_MS = 1_000;

/** A stream that remembers what was written to it. */
function createStream(
  isTTY: boolean,
  columns = 80,
): { isTTY: boolean; columns: number; text: string; write(text: string): void } {
  return {
    isTTY,
    columns,
    text: "",
    write(text) {
      this.text += text;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv("NO_COLOR", "1");
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("createProgress()", () => {
  test("createProgress() shows the last status once when many come at a time on a terminal", () => {
    const stream = createStream(true);
    const progress = createProgress({ stream });
    for (let i = 1; i <= 1000; i += 1) progress.status(`${i} calls`);
    vi.advanceTimersByTime(LONG_ENOUGH_MS);
    expect(stream.text).toBe(`${ERASE}1000 calls`);
  });

  test("createProgress() removes the line when it is closed or something else is written", () => {
    const stream = createStream(true);
    const progress = createProgress({ stream });
    progress.status("working");
    vi.advanceTimersByTime(LONG_ENOUGH_MS);
    progress.note("done");
    progress.close();
    expect(stream.text).toBe(`${ERASE}working${ERASE}done\n`);
  });

  test("createProgress() draws nothing when other output left the cursor in a line", () => {
    const stream = createStream(true);
    const progress = createProgress({ stream });
    progress.write(stream, "half a line");
    progress.status("working");
    vi.advanceTimersByTime(LONG_ENOUGH_MS);
    expect(stream.text).toBe("half a line");
  });

  test("createProgress() cuts the status when the terminal is narrow", () => {
    const stream = createStream(true, 6);
    createProgress({ stream }).status("123456789");
    vi.advanceTimersByTime(LONG_ENOUGH_MS);
    expect(stream.text).toBe(`${ERASE}12345`);
  });

  test("createProgress() writes plain notes and no status when it is a pipe", () => {
    const stream = createStream(false);
    const progress = createProgress({ stream });
    progress.status("working");
    progress.note("cell 1: done");
    vi.advanceTimersByTime(LONG_ENOUGH_MS);
    progress.close();
    expect(stream.text).toBe("cell 1: done\n");
  });

  test("createProgress() writes nothing of its own when it is quiet", () => {
    const stream = createStream(true);
    const progress = createProgress({ stream, quiet: true });
    progress.status("working");
    progress.note("done");
    vi.advanceTimersByTime(LONG_ENOUGH_MS);
    expect(stream.text).toBe("");
  });
});
