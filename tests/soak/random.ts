/** Random choices that a seed repeats (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number of 32 bits. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + (this.word() % (most - least + 1));
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.word() % times === 0;
  }

  pick<T>(all: readonly T[]): T {
    return all[this.word() % all.length];
  }

  bytes(length: number): Buffer {
    return Buffer.from(Uint8Array.from({ length }, () => this.word() & 255));
  }

  /** Another source of choices, which does not depend on how far this one is used. */
  fork(): Random {
    return new Random(this.word());
  }
}
