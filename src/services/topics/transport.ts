/** What carries messages to the topics of other threads, processes and machines. */

/** What a transport tells the topics that it is for. */
export interface TransportEvents {
  /** A message of others has come, as text, bytes, or a value of JSON. */
  receive(topic: string, message: unknown): void;
  /** Others are reached. May be told again and again. */
  up(): void;
  /** Others are not reached for now, and messages do not get there: why. May be told again and again. */
  down(reason: unknown): void;
}

/**
 * Carries messages to others, each at most once. Nothing of this may throw, but for `open` where the transport cannot be
 * used at all: what goes wrong is told by `down`.
 */
export interface TopicsTransport {
  /** Called once, before all else. */
  open(events: TransportEvents): void;
  /** Gives a message to all others that have receivers for the topic, and not to the giver. */
  publish(topic: string, message: unknown): void;
  /** There is a first receiver for a topic here, or no more: where it matters what is received. */
  subscribe?(topic: string): void;
  unsubscribe?(topic: string): void;
  /** Resolves once all that was subscribed is in force; with a transport that is down that may take as long as that lasts. */
  settled?(): Promise<void>;
  close(): void | Promise<void>;
}

/** Counts what was given to somebody and is not taken yet, so that a slow taker does not fill the memory of the giver. */
export class Backlog {
  readonly #max: number;
  #size = 0;
  #full = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether nothing more is to be given: from `max` on, until half of that is taken. */
  get full(): boolean {
    return this.#full;
  }

  add(): void {
    if (++this.#size >= this.#max) this.#full = true;
  }

  remove(): void {
    if (--this.#size <= this.#max / 2) this.#full = false;
  }
}

/** Throws a RangeError that names a bound that is no whole number of at least 1. */
export function checkBound(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(`${name} must be a whole number of at least 1, not ${value}`);
}
