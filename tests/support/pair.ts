/** A client's and a server's connection with nothing between them but memory. */
import {
  ClientConnection,
  type ConnectionGroup,
  type OutgoingMessage,
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

/** Bytes that a piece may have that is delivered at once: a number, or what gives one for each piece. */
export type Cut = number | (() => number);

/** Numbers from 0 to `below`, the same for the same seed. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}

/** A response that is nothing but its content, and what else is said. */
export function message(body: OutgoingMessage["body"], more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { status: 200, contentType: null, fields: null, trailers: null, ...more, body };
}

/** Content in these pieces. */
export async function* pieces(...all: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* all;
}

/** A request: its start line without the version, its fields but Host, each with a line end, and its content. */
export function request(line: string, more = "", content = ""): string {
  return `${line} HTTP/1.1\r\nHost: a\r\n${more}\r\n${content}`;
}

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
export const bytes = (content: string): Uint8Array => Buffer.from(content, "latin1");

/** Lets everything go on that waits for nothing from outside. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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
  /** How often reading was stopped, and started again. */
  pauses = 0;
  resumes = 0;
  #other: MemoryTransport = this;
  readonly #cut: Cut;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #paused = false;
  #full = false;
  #delivering = false;

  constructor(cut: Cut) {
    this.#cut = cut;
  }

  static pair(cut: Cut = Number.POSITIVE_INFINITY): [MemoryTransport, MemoryTransport] {
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
      this.#other.#enqueue(bytes);
    }
    this.#full = this.#other.#queued > HIGH_WATER_MARK;
    return !this.#full;
  }

  unsent(): number {
    return this.#other.#queued;
  }

  end(): void {
    this.ended = true;
    this.#other.#deliver();
  }

  reset(): void {
    this.destroy();
  }

  probe(): void {}

  destroy(): void {
    this.destroyed = true;
    for (const end of [this, this.#other]) queueMicrotask(() => end.machine?.abort());
  }

  pause(): void {
    ++this.pauses;
    this.#paused = true;
  }

  resume(): void {
    ++this.resumes;
    this.#paused = false;
    this.#deliver();
  }

  /** Resolves once this end writes no more by itself. */
  async quiet(): Promise<null> {
    for (let before = -1, times = 0; times < 20; ++times) {
      if (before !== this.written.length) times = 0;
      before = this.written.length;
      await settled();
    }
    return null;
  }

  detach(): unknown {
    this.machine = null;
    this.taken = [];
    this.resume();
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
        if (this.#other.#full) {
          this.#other.#full = false;
          this.#other.machine?.drained();
        }
        if (this.#other.ended && this.#queue.length === 0) this.#finish();
        return;
      }
      const piece = chunk.subarray(0, typeof this.#cut === "number" ? this.#cut : this.#cut());
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
export function connectPair(group: ConnectionGroup, cut?: Cut): Pair {
  const [clientEnd, serverEnd] = MemoryTransport.pair(cut);
  const client = new ClientConnection(clientEnd);
  const server = group.connect(serverEnd);
  clientEnd.machine = client;
  serverEnd.machine = server;
  return { client, server, clientEnd, serverEnd };
}

/** Connects a group to nobody: what is to come in is for the test to give, and what goes out can be looked at. */
export function connectServer(group: ConnectionGroup): Pick<Pair, "server" | "clientEnd" | "serverEnd"> {
  const [clientEnd, serverEnd] = MemoryTransport.pair();
  const server = group.connect(serverEnd);
  serverEnd.machine = server;
  return { server, clientEnd, serverEnd };
}

/** A client's connection to nobody. */
export function connectClient(): Pick<Pair, "client" | "clientEnd" | "serverEnd"> {
  const [clientEnd, serverEnd] = MemoryTransport.pair();
  const client = new ClientConnection(clientEnd);
  clientEnd.machine = client;
  return { client, clientEnd, serverEnd };
}
