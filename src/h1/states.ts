/** Where a connection stands, at either of its ends: all states, all events, one table. */

/** What comes in is read. */
export const READING = 0;
/** What comes in is put by: a request waits for those before it to be answered. */
export const HOLDING = 1;
/**
 * No further request is wanted: the last was read, or what came was wrong. Answers may still be owed, and on the
 * client's side to come.
 */
export const DONE = 2;
/** What comes in belongs to another protocol. */
export const SWITCHED = 3;
/** Nothing is left to do but to close. */
export const CLOSED = 4;
export type State = typeof READING | typeof HOLDING | typeof DONE | typeof SWITCHED | typeof CLOSED;

/** A request must wait. */
export const HOLD = 0;
/** It need not wait any more. */
export const RELEASE = 1;
/** There will be no further request. */
export const FINISH = 2;
/** The stream below was handed over. */
export const SWITCH = 3;
/** All is over. */
export const CLOSE = 4;
export type Event = typeof HOLD | typeof RELEASE | typeof FINISH | typeof SWITCH | typeof CLOSE;

/** State × event → state. */
const TABLE: readonly (readonly State[])[] = [
  //             HOLD      RELEASE   FINISH    SWITCH    CLOSE
  /* READING  */ [HOLDING, READING, DONE, SWITCHED, CLOSED],
  /* HOLDING  */ [HOLDING, READING, DONE, SWITCHED, CLOSED],
  /* DONE     */ [DONE, DONE, DONE, SWITCHED, CLOSED],
  /* SWITCHED */ [SWITCHED, SWITCHED, SWITCHED, SWITCHED, SWITCHED],
  /* CLOSED   */ [CLOSED, CLOSED, CLOSED, CLOSED, CLOSED],
];

/** The state after an event. */
export function next(state: State, event: Event): State {
  return TABLE[state][event];
}
