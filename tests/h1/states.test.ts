/** What must hold of the table of states, whatever it says beside. */
import { describe, expect, test } from "vitest";
import {
  CLOSE,
  CLOSED,
  DONE,
  type Event,
  FINISH,
  HOLD,
  HOLDING,
  next,
  READING,
  RELEASE,
  type State,
  SWITCH,
  SWITCHED,
} from "../../src/h1/states.ts";

const GOING: readonly State[] = [READING, HOLDING, DONE];
const OVER: readonly State[] = [SWITCHED, CLOSED];
const EVENTS: readonly Event[] = [HOLD, RELEASE, FINISH, SWITCH, CLOSE];

describe("states", () => {
  test("a request that must wait is held until it need not", () => {
    expect(next(READING, HOLD)).toBe(HOLDING);
    expect(next(HOLDING, HOLD)).toBe(HOLDING);
    expect(next(HOLDING, RELEASE)).toBe(READING);
    expect(next(READING, RELEASE)).toBe(READING);
  });

  test("once there is no further request, none is read or held any more", () => {
    for (const state of GOING) expect(next(state, FINISH)).toBe(DONE);
    expect([next(DONE, HOLD), next(DONE, RELEASE)]).toEqual([DONE, DONE]);
  });

  test("from any of these it can be handed over or closed, and then nothing more becomes of it", () => {
    for (const state of GOING) {
      expect([next(state, SWITCH), next(state, CLOSE)]).toEqual([SWITCHED, CLOSED]);
    }
    for (const state of OVER) for (const event of EVENTS) expect(next(state, event)).toBe(state);
  });

  test("they are numbered as they follow each other, for connections ask whether one is past another", () => {
    expect([...GOING, ...OVER]).toEqual([0, 1, 2, 3, 4]);
  });
});
