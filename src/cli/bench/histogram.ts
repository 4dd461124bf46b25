/** Times in buckets that grow with them, so that any number of them takes the same room and each is known to 1 %. */

/** How much wider each bucket is than the one before. */
const GROWTH = Math.log(1.01);
/** Milliseconds below which all are the same. */
const LEAST = 0.001;

export class Histogram {
  readonly #buckets: number[] = [];
  count = 0;
  max = 0;
  #sum = 0;

  add(milliseconds: number): void {
    const bucket = Math.max(0, Math.floor(Math.log(milliseconds / LEAST) / GROWTH));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.max = Math.max(this.max, milliseconds);
    this.#sum += milliseconds;
    ++this.count;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  /** The time that this share of all, from 0 to 1, did not exceed. */
  quantile(share: number): number {
    let left = Math.ceil(this.count * share);
    for (const [bucket, count = 0] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0) return Math.min(this.max, LEAST * Math.exp((bucket + 1) * GROWTH));
    }
    return this.max;
  }
}
