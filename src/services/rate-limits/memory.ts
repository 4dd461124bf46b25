import { count, type Policy, type State, type Taken } from "./policy.ts";
import type { RateLimitStore } from "./store.ts";

/** Keys that are looked at with each request to find those that count no more: two for one that comes is enough. */
const SWEPT = 2;

/** What bounds counting in the memory of a process. */
export interface MemoryRateLimitsOptions {
  /**
   * Keys that are counted at the same time; beyond it those are forgotten that have not come for the longest, and count
   * from 0 again.
   */
  readonly maxKeys?: number;
  /** The time in milliseconds; that of the system by default. */
  readonly now?: () => number;
}

/** Half a minute of 3000 clients a second, in some 15 MB. */
export const DEFAULT_MAX_KEYS = 100_000;

interface Entry extends State {
  /** When it counts no more. */
  expires: number;
}

/** Counts in the memory of this process, and so for this process alone. Throws a RangeError for an option out of range. */
export function memoryRateLimits(options: MemoryRateLimitsOptions = {}): RateLimitStore {
  const { maxKeys = DEFAULT_MAX_KEYS, now = Date.now } = options;
  if (!Number.isSafeInteger(maxKeys) || maxKeys < 1) {
    throw new RangeError(`maxKeys must be a whole number of at least 1, not ${maxKeys}`);
  }
  // A Map keeps the order of insertion: what came last is last.
  const entries = new Map<string, Entry>();

  const sweep = (time: number): void => {
    let left = SWEPT;
    for (const [key, { expires }] of entries) {
      if (left-- === 0 || (expires > time && entries.size <= maxKeys)) return;
      entries.delete(key);
    }
  };

  return {
    take(key: string, policy: Policy): Taken {
      const time = now();
      const entry = entries.get(key) ?? { time: 0, count: 0, previous: 0, expires: 0 };
      const taken = count(entry, policy, time);
      // The window before counts for as long as there is a share of it left.
      entry.expires = time + 2 * policy.window;
      entries.delete(key);
      entries.set(key, entry);
      sweep(time);
      return taken;
    },
  };
}
