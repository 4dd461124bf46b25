/** What a connection writes: gathered, so that what belongs together leaves in one write. */
import type { Transport } from "./options.ts";

/** Bytes that are gathered for one write, before they are written while more are on their way. */
const BATCH_SIZE = 65536;

export class Outbox {
  readonly #transport: Transport;
  #text = "";
  /** What goes before the text. */
  #pieces: (string | Uint8Array)[] | null = null;
  #piecesSize = 0;
  #blocked = false;
  #whenDrained: ((going: boolean) => void) | null = null;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Whether the peer must read before more is worth writing. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Whether so much was gathered that it should leave now. */
  get full(): boolean {
    return this.#text.length + this.#piecesSize > BATCH_SIZE;
  }

  /** Gathers text of one byte a character, then bytes where there are any; these are not copied. */
  add(text: string, bytes: Uint8Array | null = null): void {
    this.#text += text;
    if (bytes === null) return;
    this.#pieces ??= [];
    this.#pieces.push(this.#text, bytes);
    this.#piecesSize += this.#text.length + bytes.length;
    this.#text = "";
  }

  /** Writes what was gathered. */
  flush(): void {
    const text = this.#text;
    let pieces = this.#pieces;
    if (pieces === null) {
      if (text === "") return;
      pieces = [text];
    } else {
      if (text !== "") pieces.push(text);
      this.#pieces = null;
      this.#piecesSize = 0;
    }
    this.#text = "";
    if (!this.#transport.write(pieces)) this.#blocked = true;
  }

  /** Writes pieces, after what was gathered; resolves when there is room for more, with false where the peer has gone. */
  send(pieces: readonly (string | Uint8Array)[]): boolean | Promise<boolean> {
    this.flush();
    if (this.#transport.write(pieces)) return true;
    this.#blocked = true;
    return new Promise((resolve) => {
      this.#whenDrained = resolve;
    });
  }

  /** The peer has read what was written, or, where not `going`, never will. */
  drained(going: boolean): void {
    this.#blocked = false;
    const whenDrained = this.#whenDrained;
    this.#whenDrained = null;
    whenDrained?.(going);
  }
}
