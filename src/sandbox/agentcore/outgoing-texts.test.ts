import { describe, expect, test } from "vitest";
import { OutgoingTexts } from "./outgoing-texts.ts";

const MIB = 1024 * 1024;
const text = (letter: string): string => letter.repeat(MIB);

describe("OutgoingTexts", () => {
  test("add() lets go on while there is room, take() makes it", async () => {
    const outgoing = new OutgoingTexts();
    expect(outgoing.add(["a\n"])).toBeUndefined();
    const room = outgoing.add([text("b")]);
    expect(outgoing.isFull).toBe(true);
    expect(outgoing.take()).toBe(`a\n${text("b")}`);
    await room;
    expect([outgoing.isFull, outgoing.isEmpty, outgoing.take()]).toEqual([false, true, ""]);
  });

  test("take() takes so much at once, in order, and nothing twice", () => {
    const outgoing = new OutgoingTexts();
    void outgoing.add(["a", "b", "c", "d", "e"].map(text));
    const taken = [outgoing.take(), outgoing.take(), outgoing.take(), outgoing.take()];
    expect(taken.map((part) => [part.length / MIB, part[0]])).toEqual([
      [2, "a"],
      [2, "c"],
      [1, "e"],
      [0, undefined],
    ]);
  });

  test("refilled() waits for whoever adds one a turn, and for nobody else", async () => {
    const outgoing = new OutgoingTexts();
    let left = 5;
    const addOne = (): void => {
      void outgoing.add([text("x").slice(0, MIB / 10)]);
      left -= 1;
      if (left > 0) setImmediate(addOne);
    };
    setImmediate(addOne);
    await outgoing.refilled();
    expect(left).toBe(0);
  });

  test("close() lets whoever waits go on", async () => {
    const outgoing = new OutgoingTexts();
    const room = outgoing.add([text("x")]);
    outgoing.close();
    await room;
    expect(outgoing.isEmpty).toBe(true);
  });
});
