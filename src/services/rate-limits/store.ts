import type { Policy, Taken } from "./policy.ts";

/** Where requests are counted. */
export interface RateLimitStore {
  /**
   * Counts a request of a key, in one step with whoever else does. Throws or rejects where it cannot; what becomes of the
   * request then is for the caller to say.
   */
  take(key: string, policy: Policy): Taken | Promise<Taken>;
  /** Lets go of what it holds. */
  close?(): Promise<void>;
}
