/** How requests are counted: each algorithm as what it makes of two numbers that are kept for a key. */

/**
 * "fixed": `limit` in each window, which begins with the first request. "sliding": the same over any window, by the
 * share that is left of the one before. "gcra": `limit` at once, and then one each `window / limit`.
 */
export type Algorithm = "fixed" | "sliding" | "gcra";

/** How many requests may come in which time, and how they are counted. */
export interface Policy {
  readonly algorithm: Algorithm;
  /** Requests that a window may have. */
  readonly limit: number;
  /** Milliseconds. */
  readonly window: number;
}

/** What has become of a request. */
export interface Taken {
  readonly allowed: boolean;
  /** Requests that are left. */
  readonly remaining: number;
  /** Milliseconds until there are more again than are left now. */
  readonly reset: number;
  /** Milliseconds until the next one is allowed; 0 where this one is. */
  readonly retry: number;
}

/** What is kept for a key: a time in milliseconds, and what was counted from then on and in the window before. */
export interface State {
  time: number;
  count: number;
  previous: number;
}

function fixed(state: State, { limit, window }: Policy, now: number): Taken {
  if (now >= state.time + window || now < state.time) {
    state.time = now;
    state.count = 0;
  }
  const reset = state.time + window - now;
  if (state.count >= limit) return { allowed: false, remaining: 0, reset, retry: reset };
  ++state.count;
  return { allowed: true, remaining: limit - state.count, reset, retry: 0 };
}

/** Milliseconds after which `before` requests, of which there are fewer each moment, leave room for one beside `beside`. */
function fading(before: number, beside: number, { limit, window }: Policy): number {
  return Math.ceil((window * (before - (limit - 1 - beside))) / before);
}

function sliding(state: State, policy: Policy, now: number): Taken {
  const { limit, window } = policy;
  const start = now - (now % window);
  if (start !== state.time) {
    state.previous = start === state.time + window ? state.count : 0;
    state.count = 0;
    state.time = start;
  }
  const elapsed = now - start;
  const reset = window - elapsed;
  // In parts of a window, so that all numbers are whole.
  const room = (limit - state.count) * window - state.previous * reset;
  if (room >= window) {
    ++state.count;
    return { allowed: true, remaining: Math.floor(room / window) - 1, reset, retry: 0 };
  }
  const fades = state.count < limit;
  const retry = fades ? fading(state.previous, state.count, policy) - elapsed : reset + fading(state.count, 0, policy);
  return { allowed: false, remaining: 0, reset, retry };
}

/** A sum of intervals may be a little more than the window that they make; in milliseconds, or in requests. */
const ROUNDING = 1e-3;

/** The generic cell rate algorithm: the time is that at which all would be allowed again. */
function gcra(state: State, { limit, window }: Policy, now: number): Taken {
  const interval = window / limit;
  const time = Math.max(state.time, now) + interval;
  const early = time - window - now;
  if (early > ROUNDING) {
    const retry = Math.ceil(early - ROUNDING);
    return { allowed: false, remaining: 0, reset: retry, retry };
  }
  state.time = time;
  const remaining = Math.floor((window - (time - now)) / interval + ROUNDING);
  return { allowed: true, remaining, reset: Math.ceil(interval), retry: 0 };
}

const ALGORITHMS = { fixed, sliding, gcra };

/** Counts a request, and changes the state accordingly; one that is refused is not counted. `now` in milliseconds. */
export function count(state: State, policy: Policy, now: number): Taken {
  return ALGORITHMS[policy.algorithm](state, policy, now);
}
