/** Values by name that take so much memory together at the most; those go first that were not asked for the longest. */
export class Memory<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly size: number }>();
  readonly #maxSize: number;
  #size = 0;

  /** `maxSize` is in the unit of the sizes that values are given. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get(name: string): V | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    // A Map keeps the order of insertion: the newest is last.
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.value;
  }

  /** Keeps a value in place of what had its name; not where it is larger than all may be. */
  set(name: string, value: V, size: number): void {
    this.delete(name);
    if (size > this.#maxSize) return;
    this.#entries.set(name, { value, size });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#maxSize) return;
      this.delete(oldest);
    }
  }

  delete(name: string): void {
    this.#size -= this.#entries.get(name)?.size ?? 0;
    this.#entries.delete(name);
  }
}
