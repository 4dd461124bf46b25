/** The exchanges of one connection that wait for their answers, in the order of their requests. */
import type { Exchange } from "./exchange.ts";

export class Pipeline {
  readonly #exchanges: Exchange[] = [];
  readonly #depth: number;
  /** Whether the newest exchange is one that no other may be beside. */
  #exclusive = false;

  /** `depth`: exchanges that may be at work at once. */
  constructor(depth: number) {
    this.#depth = depth;
  }

  get empty(): boolean {
    return this.#exchanges.length === 0;
  }

  /** The exchange whose answer is to be written now. */
  get first(): Exchange | undefined {
    return this.#exchanges[0];
  }

  get newest(): Exchange | undefined {
    return this.#exchanges.at(-1);
  }

  add(exchange: Exchange): void {
    this.#exclusive = !exchange.overlaps;
    this.#exchanges.push(exchange);
  }

  /** Takes an exchange out that is over; it is the first, or was never here. */
  remove(exchange: Exchange): void {
    if (this.#exchanges[0] === exchange) this.#exchanges.shift();
  }

  /** Takes all out. */
  clear(): Exchange[] {
    return this.#exchanges.splice(0);
  }

  /** Whether an exchange, or where it is null the next one whatever it be, may be at work beside those that are here. */
  hasRoom(exchange: Exchange | null): boolean {
    if (this.#exchanges.length === 0) return true;
    return !this.#exclusive && this.#exchanges.length < this.#depth && (exchange === null || exchange.overlaps);
  }
}
