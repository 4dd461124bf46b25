/** The exchanges of one connection that wait for their answers, in the order of their requests. */
import type { Exchange } from "./exchange.ts";

export class Pipeline {
  readonly #depth: number;
  /** The exchange whose answer is to be written now, and from each the way to the one after it. */
  first: Exchange | null = null;
  newest: Exchange | null = null;
  #size = 0;
  /** Whether the newest exchange is one that no other may be beside. */
  #exclusive = false;

  /** `depth`: exchanges that may be at work at once. */
  constructor(depth: number) {
    this.#depth = depth;
  }

  get empty(): boolean {
    return this.first === null;
  }

  add(exchange: Exchange): void {
    this.#exclusive = !exchange.overlaps;
    if (this.newest === null) this.first = exchange;
    else this.newest.next = exchange;
    this.newest = exchange;
    ++this.#size;
  }

  /** Takes an exchange out that is over; it is the first, or was never here. */
  remove(exchange: Exchange): void {
    if (this.first !== exchange) return;
    this.first = exchange.next;
    if (this.first === null) this.newest = null;
    --this.#size;
  }

  /** Tells those who answer that their client is gone, as far as can be seen. */
  leave(): void {
    for (let exchange = this.first; exchange !== null; exchange = exchange.next) exchange.leave();
  }

  /** Takes all out. */
  clear(): Exchange[] {
    const all: Exchange[] = [];
    for (let exchange = this.first; exchange !== null; exchange = exchange.next) all.push(exchange);
    this.first = this.newest = null;
    this.#size = 0;
    return all;
  }

  /** Whether an exchange, or where it is null the next one whatever it be, may be at work beside those that are here. */
  hasRoom(exchange: Exchange | null): boolean {
    if (this.first === null) return true;
    return !this.#exclusive && this.#size < this.#depth && (exchange === null || exchange.overlaps);
  }
}
