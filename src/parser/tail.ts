/** Bytes of one connection that have come and were not read yet: what a reader keeps beside the shared window. */
export class Tail {
  #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;
  #end: number;
  /** Whether they were put by, and may hold anything; else they are the beginning of a head or of a trailer section. */
  suspended = false;
  /** Whether what lies in the window came from here, and can be put back by counting. */
  mirrored = false;

  /** Copies `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice();
    this.#end = bytes.length;
  }

  get length(): number {
    return this.#end - this.#at;
  }

  /** All of them, to be looked at at once. */
  get unread(): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#end);
  }

  /** Appends a copy of `more`. */
  add(more: Uint8Array): void {
    const { length } = this;
    if (this.#bytes.length < this.#end + more.length) {
      const larger = new Uint8Array(Math.max(length + more.length, 2 * length));
      larger.set(this.unread);
      this.#bytes = larger;
      this.#at = 0;
      this.#end = length;
    }
    this.#bytes.set(more, this.#end);
    this.#end += more.length;
  }

  /** The first of them, `length` at the most, which are then no longer here. */
  take(length: number): Uint8Array {
    const from = this.#at;
    this.#at = Math.min(this.#end, from + length);
    return this.#bytes.subarray(from, this.#at);
  }

  /** Takes the last `length` of those that were taken back. */
  takeBack(length: number): void {
    this.#at -= length;
  }
}
