/** Content as far as it is kept: its first bytes, and how many there were. */
export class Sample {
  /** Bytes that there were. */
  size = 0;
  #kept = 0;
  readonly #pieces: Uint8Array[] = [];
  readonly #max: number;

  /** Keeps `max` bytes. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Adds a piece, of which what is kept is copied. */
  add(piece: Uint8Array): void {
    this.size += piece.length;
    const kept = piece.slice(0, this.#max - this.#kept);
    if (kept.length === 0) return;
    this.#kept += kept.length;
    this.#pieces.push(kept);
  }

  /** Whether nothing is missing. */
  get whole(): boolean {
    return this.#kept === this.size;
  }

  /** What is kept, in one piece. */
  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}
