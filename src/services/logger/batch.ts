/** Lines on their way to a stream: gathered, for to write costs more than to make a line. */
import { atExit } from "./at-exit.ts";
import type { LineStream } from "./options.ts";

/** Characters that are gathered at the most. */
export const BATCH_SIZE = 16_384;
/**
 * Milliseconds from one write to the next where there is less. A write after each turn of the event loop costs a busy
 * server more than all else that a line takes.
 */
const PAUSE = 10;

/** What streams of Node have beside `write`. */
interface NodeStream extends LineStream {
  readonly writableNeedDrain: boolean;
  readonly destroyed: boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
  once(event: "drain", listener: () => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}

function isNodeStream(stream: LineStream): stream is NodeStream {
  const { writableNeedDrain, on, once, off } = stream as Partial<NodeStream>;
  return typeof writableNeedDrain === "boolean" && [on, once, off].every((method) => typeof method === "function");
}

export class Batch {
  readonly #stream: LineStream;
  readonly #node: NodeStream | null;
  readonly #maxPending: number;
  #text = "";
  /** Whether a time was set at which what is gathered is written. */
  #scheduled = false;
  #pause: NodeJS.Timeout | null = null;
  #draining = false;
  #told = false;
  readonly #forget: () => void;

  /** Holds at most `maxPending` characters for a stream of Node that takes no more; further lines are lost. */
  constructor(stream: LineStream, maxPending: number) {
    this.#stream = stream;
    this.#node = isNodeStream(stream) ? stream : null;
    this.#maxPending = maxPending;
    // Where nobody listens, a stream that fails ends the process.
    this.#node?.on("error", this.#fail);
    this.#forget = atExit(() => this.flush());
  }

  /** Takes a line with its end. Never throws. */
  add(line: string): void {
    if (this.#draining && this.#text.length + line.length > this.#maxPending) {
      this.#fail(new Error("it is not read, and lines are lost"));
      return;
    }
    this.#text += line;
    if (this.#draining) return;
    if (this.#text.length >= BATCH_SIZE) this.#send();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#write);
    }
  }

  /** Writes all that was gathered, though the stream may have to hold it. Never throws. */
  flush(): void {
    this.#draining = false;
    this.#send();
  }

  /** Flushes, and lets the stream go; it stays open. */
  close(): void {
    this.flush();
    this.#forget();
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#node?.off("error", this.#fail);
  }

  /** Writes after a turn in which lines came, and again after a pause, until none have come meanwhile. */
  readonly #write = (): void => {
    this.#scheduled = this.#text !== "" && !this.#draining;
    if (!this.#scheduled) return;
    this.#send();
    if (this.#pause === null) this.#pause = setTimeout(this.#write, PAUSE).unref();
    else this.#pause.refresh();
  };

  readonly #drained = (): void => {
    this.#draining = false;
    this.#send();
  };

  #send(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    // Such a stream takes what is written, and says nothing.
    if (this.#node?.destroyed) this.#fail(new Error("it was destroyed"));
    try {
      this.#stream.write(text);
    } catch (error) {
      this.#fail(error);
    }
    if (this.#draining || !this.#node?.writableNeedDrain) return;
    this.#draining = true;
    this.#node.once("drain", this.#drained);
  }

  /** Tells of the first failure. */
  readonly #fail = (error: unknown): void => {
    if (!this.#told) console.error("pyrois: the stream of the access log fails:", error);
    this.#told = true;
  };
}
