/** A client's and a server's connection with nothing between them but memory. */
import {
  ClientConnection,
  type ConnectionGroup,
  type Peer,
  type ServerConnection,
  type Transport,
} from "../../src/h1/index.ts";

/** What a connection can be told by the stream below it. */
interface Machine {
  receive(chunk: Uint8Array): void;
  finish(): void;
  drained(): void;
  abort(): void;
}

/** Bytes that one end may have written and the other not read, before the first is told to wait. */
const HIGH_WATER_MARK = 16384;

/** One end of a stream in memory: what is written to it comes out of the other end, in pieces of `cut` bytes. */
export class MemoryTransport implements Transport {
  readonly peer: Peer = { remoteAddress: "memory" };
  /** Whoever is told what comes in. */
  machine: Machine | null = null;
  /** What was taken over by another protocol: what came since then. */
  taken: Uint8Array[] | null = null;
  /** Number of writes, and all that was written, one character a byte. */
  writes = 0;
  written = "";
  destroyed = false;
  ended = false;
  #other: MemoryTransport | null = null;
  readonly #cut: number;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #paused = false;
  #full = false;
  #delivering = false;

  constructor(cut: number) {
    this.#cut = cut;
  }

  static pair(cut = Number.POSITIVE_INFINITY): [MemoryTransport, MemoryTransport] {
    const [one, two] = [new MemoryTransport(cut), new MemoryTransport(cut)];
    one.#other = two;
    two.#other = one;
    return [one, two];
  }

  write(pieces: readonly (string | Uint8Array)[]): boolean {
    ++this.writes;
    for (const piece of pieces) {
      const bytes = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece.slice();
      this.written += Buffer.from(bytes).toString("latin1");
      this.#other?.#enqueue(bytes);
    }
    this.#full = (this.#other?.#queued ?? 0) > HIGH_WATER_MARK;
    return !this.#full;
  }

  unsent(): number {
    return this.#other?.#queued ?? 0;
  }

  end(): void {
    this.ended = true;
    this.#other?.#deliver();
  }

  destroy(): void {
    this.destroyed = true;
    for (const end of [this, this.#other]) queueMicrotask(() => end?.machine?.abort());
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
  }

  detach(): unknown {
    this.machine = null;
    this.taken = [];
    return this;
  }

  #enqueue(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.#deliver();
  }

  /** Gives what was written by the other end to whoever reads at this one, piece by piece, and never from within. */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    queueMicrotask(() => {
      this.#delivering = false;
      if (this.#paused) return;
      const chunk = this.#queue[0];
      if (chunk === undefined) {
        if (this.#other?.#full) {
          this.#other.#full = false;
          this.#other.machine?.drained();
        }
        if (this.#other?.ended && this.#queue.length === 0) this.#finish();
        return;
      }
      const piece = chunk.subarray(0, this.#cut);
      if (piece.length === chunk.length) this.#queue.shift();
      else this.#queue[0] = chunk.subarray(piece.length);
      this.#queued -= piece.length;
      if (this.taken) this.taken.push(piece);
      else this.machine?.receive(piece);
      this.#deliver();
    });
  }

  #finished = false;

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.machine?.finish();
  }
}

export interface Pair {
  readonly client: ClientConnection;
  readonly server: ServerConnection;
  readonly clientEnd: MemoryTransport;
  readonly serverEnd: MemoryTransport;
}

/** Connects a client to a group; what one writes reaches the other in pieces of `cut` bytes. */
export function connectPair(group: ConnectionGroup, cut?: number): Pair {
  const [clientEnd, serverEnd] = MemoryTransport.pair(cut);
  const client = new ClientConnection(clientEnd);
  const server = group.connect(serverEnd);
  clientEnd.machine = client;
  serverEnd.machine = server;
  return { client, server, clientEnd, serverEnd };
}
