/** How long a connection has waited for its peer, by a clock that moves in ticks. */
import type { Clock, ConnectionOptions } from "./options.ts";

// What a connection waits for, and is given a time for.
export const FIRST_REQUEST = 0;
export const NEXT_REQUEST = 1;
export const REST_OF_HEAD = 2;
export const CONTENT = 3;
/** For the application, which has all the time it wants. */
export const APPLICATION = 4;
/** For the peer to close its side: closed at once, the connection might be reset before the peer has read all. */
const PEER_CLOSE = 5;

/**
 * Milliseconds that a closed connection waits for its peer to send something, and in all: what comes is read and
 * dropped, so that a peer which sends all it has before it reads can read the answer (RFC 9112 §9.6).
 */
const LINGER_TIME = 2000;
const LINGER_MAX = 30_000;

/** What connections share that tells how long to wait. */
interface Terms {
  readonly options: ConnectionOptions;
  readonly clock: Clock;
}

export class Patience {
  readonly #terms: Terms;
  #waitsFor = FIRST_REQUEST;
  /** Requests that had begun when it began to wait for this, and when that was. */
  #requests = 0;
  #since: number;
  /** What was unsent when the peer last read some of it, and when that was. */
  #unsent = 0;
  #unsentSince = 0;
  #lingersUntil = 0;
  /** Milliseconds for which it has waited for the content of one request, and when that was counted last. */
  #contentTime = 0;
  #contentAt = 0;

  constructor(terms: Terms) {
    this.#terms = terms;
    this.#since = terms.clock.now;
  }

  /** What it waits for. */
  get waitsFor(): number {
    return this.#waitsFor;
  }

  /**
   * Notes what it waits for from now on, after so many requests. Each piece of content gives new time for the next;
   * each byte of a head does not.
   */
  wait(waitsFor: number, requests: number): void {
    if (waitsFor === this.#waitsFor && waitsFor !== CONTENT && requests === this.#requests) return;
    const { now } = this.#terms.clock;
    if (requests !== this.#requests) this.#contentTime = 0;
    if (waitsFor !== this.#waitsFor) this.#contentAt = now;
    this.#waitsFor = waitsFor;
    this.#requests = requests;
    this.#since = now;
  }

  /** Waits for the peer to close its side from now on. */
  linger(): void {
    if (this.#waitsFor === PEER_CLOSE) return;
    this.#waitsFor = PEER_CLOSE;
    this.#since = this.#terms.clock.now;
    this.#lingersUntil = this.#since + LINGER_MAX;
  }

  /** The peer goes on sending. */
  lingerOn(): void {
    const { now } = this.#terms.clock;
    if (now < this.#lingersUntil) this.#since = now;
  }

  /** Whether it has waited too long. */
  get over(): boolean {
    return this.#terms.clock.now - this.#since >= this.#limit();
  }

  /** Whether content, of which `size` bytes have come so far, comes too slowly. To be asked at every tick. */
  drips(size: number): boolean {
    if (this.#waitsFor !== CONTENT) return false;
    const { clock, options } = this.#terms;
    this.#contentTime += clock.now - this.#contentAt;
    this.#contentAt = clock.now;
    return this.#contentTime >= options.bodyTimeout && 1000 * size < options.minBodyRate * this.#contentTime;
  }

  /** Whether the peer has read nothing for too long of what is `unsent` (`Transport.unsent`). */
  isStalled(unsent: number): boolean {
    const { now } = this.#terms.clock;
    if (unsent === 0 || unsent !== this.#unsent) {
      this.#unsent = unsent;
      this.#unsentSince = now;
    }
    return unsent !== 0 && now - this.#unsentSince >= this.#terms.options.writeTimeout;
  }

  #limit(): number {
    const { headTimeout, bodyTimeout, keepAliveTimeout } = this.#terms.options;
    if (this.#waitsFor === APPLICATION) return Number.POSITIVE_INFINITY;
    if (this.#waitsFor === PEER_CLOSE) return LINGER_TIME;
    if (this.#waitsFor === CONTENT) return bodyTimeout;
    return this.#waitsFor === NEXT_REQUEST ? keepAliveTimeout : headTimeout;
  }
}
