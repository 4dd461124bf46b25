/** The two ends of a connection; what is not known is undefined. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** Whether what passes between them is encrypted. */
  readonly encrypted?: boolean | undefined;
}

/** Where a connection's bytes go. */
export interface Transport {
  /**
   * Writes pieces in order, in one go: text has one byte a character. Bytes are the application's: they may be kept
   * until they have left, and must not be changed. Gives false where the peer is slow to read; then `drained` of the
   * connection is to be called once it has caught up. Must not throw, also where the connection is gone already.
   */
  write(pieces: readonly (string | Uint8Array)[]): boolean;
  /** Who is at the other end. */
  readonly peer: Peer;
  /** What is written to, for those who write a response themselves; where it is missing, nobody can. */
  readonly stream?: unknown;
  /** A number that is 0 where all that was written has left, and changes while it leaves. */
  unsent(): number;
  /**
   * Ends the writing side once all is written, and reads on even if it was paused: what still comes is told to the
   * connection, which drops it (RFC 9112 §9.6).
   */
  end(): void;
  /** Ends both sides at once. */
  destroy(): void;
  /** As `destroy`, where the peer must be able to tell it from an orderly end. */
  reset(): void;
  /** Finds out whether the peer is still there, where nothing is read from it: tells of it in the usual way if not. */
  probe(): void;
  /** Stops and starts reading. */
  pause(): void;
  resume(): void;
  /** Gives the stream below up for another protocol: it is neither read nor written any more, and goes to its taker. */
  detach(): unknown;
}

/** What the owner of many connections tells them the time by: whole milliseconds that move in ticks. */
export interface Clock {
  readonly now: number;
}

/** What a connection grants its peer. Times in milliseconds, sizes in bytes. */
export interface ConnectionOptions {
  /** Bytes of content that a request may have; beyond it 413. */
  readonly maxBodySize: number;
  /** Bytes of content that nobody reads that are dropped after an answer; with more to come the connection closes. */
  readonly maxDropSize: number;
  /** Requests that a connection may carry; the last answer closes it. */
  readonly maxRequestsPerConnection: number;
  /** Requests of a connection that may be at work at once: safe ones only, others wait for those before them. */
  readonly maxPipelinedRequests: number;
  /** From the first byte of a head to its last, and from the opening to the first head; then 408. */
  readonly headTimeout: number;
  /** From one piece of content to the next; then 408. */
  readonly bodyTimeout: number;
  /**
   * Bytes of content that must come a second, on the average of the time that is spent waiting for it; looked at once
   * that is `bodyTimeout`; then 408. 0 for as slow as they like.
   */
  readonly minBodyRate: number;
  /** From an answer to the next request; then the connection closes without a word. */
  readonly keepAliveTimeout: number;
  /** For which a peer may read nothing of what is written to it; then the connection is cut. */
  readonly writeTimeout: number;
}

/**
 * Idle connections outlive those of load balancers in front, which commonly close after 60 s: the other way round, a
 * request may meet a connection that is just being closed.
 */
export const DEFAULT_CONNECTION_OPTIONS: ConnectionOptions = {
  maxBodySize: 1048576,
  maxDropSize: 1048576,
  maxRequestsPerConnection: Number.POSITIVE_INFINITY,
  maxPipelinedRequests: 16,
  headTimeout: 10_000,
  bodyTimeout: 60_000,
  minBodyRate: 240,
  keepAliveTimeout: 75_000,
  writeTimeout: 60_000,
};

/** Options that may be 0. */
const MAY_BE_NONE: readonly string[] = ["maxBodySize", "maxDropSize", "minBodyRate"];

/** These options with defaults; throws a RangeError that names what is out of its range. */
export function checkConnectionOptions(options: Partial<ConnectionOptions>): ConnectionOptions {
  const checked = { ...DEFAULT_CONNECTION_OPTIONS };
  for (const name of Object.keys(checked) as (keyof ConnectionOptions)[]) {
    const value = options[name] ?? checked[name];
    const least = MAY_BE_NONE.includes(name) ? 0 : 1;
    if (typeof value !== "number" || !(value >= least)) {
      throw new RangeError(`${name} must be a number of at least ${least}, not ${value}`);
    }
    (checked as Record<keyof ConnectionOptions, number>)[name] = value;
  }
  return checked;
}
