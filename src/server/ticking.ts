/** The time of the connections of one server. */

// As they are when this is loaded: tests put others in their place, and whoever leaps an hour there, or stops the clock,
// means timers of its own, not those by which connections end.
const { setInterval, clearInterval } = globalThis;
const readClock = performance.now.bind(performance);

/** Milliseconds from one look at all connections to the next: how exact their timeouts are. */
const TICK = 125;
/** Milliseconds of one tick at the most that count: longer ones mean that the process was kept from its work. */
const STEP_MAX = 250;

/**
 * Calls with a time that stands still while the process does, which could not hear its clients then; by one timer, which
 * no process waits for.
 */
export class Ticking {
  /** The time that was told last. */
  now = 0;
  readonly #tick: (now: number) => boolean;
  #timer: NodeJS.Timeout | null = null;
  #at = 0;

  /** `tick` gives whether it wants to be called again. */
  constructor(tick: (now: number) => boolean) {
    this.#tick = tick;
  }

  /** Calls from now on, if it does not already. */
  start(): void {
    if (this.#timer !== null) return;
    this.#at = readClock();
    this.#timer = setInterval(() => this.#step(), TICK).unref();
  }

  #step(): void {
    const at = readClock();
    this.now += Math.min(at - this.#at, STEP_MAX);
    this.#at = at;
    if (this.#tick(this.now) || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
