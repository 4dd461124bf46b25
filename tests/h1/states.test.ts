/** Where a connection goes from where: every state and every event. */
import { expect, test } from "vitest";
import {
  CLOSE,
  CLOSED,
  DONE,
  FINISH,
  HOLD,
  HOLDING,
  next,
  READING,
  RELEASE,
  SWITCH,
  SWITCHED,
} from "../../src/h1/states.ts";

const STATES = ["READING", "HOLDING", "DONE", "SWITCHED", "CLOSED"] as const;
const EVENTS = ["HOLD", "RELEASE", "FINISH", "SWITCH", "CLOSE"] as const;

const numbers = { READING, HOLDING, DONE, SWITCHED, CLOSED, HOLD, RELEASE, FINISH, SWITCH, CLOSE } as const;

const EXPECTED: Record<(typeof STATES)[number], Record<(typeof EVENTS)[number], (typeof STATES)[number]>> = {
  READING: { HOLD: "HOLDING", RELEASE: "READING", FINISH: "DONE", SWITCH: "SWITCHED", CLOSE: "CLOSED" },
  HOLDING: { HOLD: "HOLDING", RELEASE: "READING", FINISH: "DONE", SWITCH: "SWITCHED", CLOSE: "CLOSED" },
  DONE: { HOLD: "DONE", RELEASE: "DONE", FINISH: "DONE", SWITCH: "SWITCHED", CLOSE: "CLOSED" },
  SWITCHED: { HOLD: "SWITCHED", RELEASE: "SWITCHED", FINISH: "SWITCHED", SWITCH: "SWITCHED", CLOSE: "SWITCHED" },
  CLOSED: { HOLD: "CLOSED", RELEASE: "CLOSED", FINISH: "CLOSED", SWITCH: "CLOSED", CLOSE: "CLOSED" },
};

test.each(STATES.flatMap((state) => EVENTS.map((event) => [state, event] as const)))("%s, %s", (state, event) => {
  expect(STATES[next(numbers[state], numbers[event])]).toBe(EXPECTED[state][event]);
});

test("nothing is read any more from DONE on, in the order of the numbers", () => {
  expect(STATES.map((state) => numbers[state])).toEqual([0, 1, 2, 3, 4]);
});
