/** What a stream of events is made with. */
export interface EventStreamOptions {
  /**
   * Milliseconds from one comment to the next, where nothing else waits to leave: it keeps what is between from taking
   * the connection for idle, and finds clients that are gone. Infinity for none.
   */
  readonly heartbeat?: number;
  /** Bytes that may wait for a client that is slow to read; beyond it its stream ends. */
  readonly maxUnsent?: number;
}

/** Proxies commonly cut what is silent for 30 or 60 seconds. */
export const DEFAULT_EVENT_STREAM_OPTIONS: Required<EventStreamOptions> = {
  heartbeat: 15_000,
  maxUnsent: 1_048_576,
};

/** The options with their defaults. Throws a RangeError that names one that is out of its range. */
export function checkOptions(options: EventStreamOptions): Required<EventStreamOptions> {
  const all = { ...DEFAULT_EVENT_STREAM_OPTIONS, ...options };
  for (const name of ["heartbeat", "maxUnsent"] as const) {
    if (typeof all[name] !== "number" || !(all[name] >= 1)) {
      throw new RangeError(`${name} must be a number of at least 1, not ${all[name]}`);
    }
  }
  return all;
}
