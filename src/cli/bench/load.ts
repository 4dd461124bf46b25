/** Makes requests on many connections, as fast as they are answered, and counts what comes back. */
import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { type OutgoingRequest, serializeRequest } from "../../h1/serialize-request.ts";
import { END, HEAD, methodId, NEED_MORE, type ResponseHead, ResponseReader } from "../../parser/index.ts";
import { sharedParser } from "../../parser/messages.ts";
import { Histogram } from "./histogram.ts";

export interface LoadOptions {
  readonly url: URL;
  readonly connections: number;
  /** Requests on each connection that wait for their answers at once. */
  readonly pipelining: number;
  readonly request: OutgoingRequest;
}

/** Milliseconds before a connection that could not be had is tried again. */
const RETRY = 100;

/** What has come so far. */
export class Counts {
  readonly latencies: Histogram = new Histogram();
  readonly statuses: Map<number, number> = new Map();
  /** What went wrong, by what it was. */
  readonly errors: Map<string, number> = new Map();
  bytesRead = 0;

  get failed(): number {
    return [...this.errors.values()].reduce((sum, count) => sum + count, 0);
  }

  fail(what: string): void {
    this.errors.set(what, (this.errors.get(what) ?? 0) + 1);
  }
}

/** The request as it is written, again and again. Throws a TypeError where it could not be. */
function bytesOf(request: OutgoingRequest): Buffer {
  const { text, bytes } = serializeRequest(request);
  return Buffer.concat([Buffer.from(text, "latin1"), bytes ?? Buffer.alloc(0)]);
}

function open({ protocol, hostname, port }: URL): Socket {
  // An address of IPv6 stands in brackets.
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol === "https:") return connectSecurely({ host, port: Number(port || 443), servername: host });
  return connect({ host, port: Number(port || 80), noDelay: true });
}

/** Is told what becomes of a connection. */
interface ConnectionEvents {
  had(): void;
  /** `had` is whether it ever was. */
  gone(had: boolean): void;
}

/** One connection, which makes a request whenever one is answered. */
class LoadConnection {
  readonly #socket: Socket;
  readonly #bytes: Buffer;
  readonly #counts: Counts;
  readonly #reader = new ResponseReader(sharedParser({}));
  /** When the requests were made that are not answered. */
  readonly #made: number[] = [];
  /** Whether it is over, so that nothing of it counts any more. */
  #over = false;
  /** Whether the server takes another request on it. */
  #keepAlive = true;
  #connected = false;

  constructor({ url, pipelining, request }: LoadOptions, bytes: Buffer, counts: Counts, events: ConnectionEvents) {
    this.#bytes = bytes;
    this.#counts = counts;
    this.#reader.requestMethod = methodId(request.method);
    this.#socket = open(url);
    this.#socket.on(url.protocol === "https:" ? "secureConnect" : "connect", () => {
      this.#connected = true;
      events.had();
      for (let count = 0; count < pipelining; ++count) this.#send();
    });
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    this.#socket.on("close", () => {
      this.#finish();
      events.gone(this.#connected);
    });
  }

  /** Ends it; what is not answered does not count. */
  stop(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  #send(): void {
    this.#made.push(performance.now());
    this.#socket.write(this.#bytes);
  }

  #fail(what: string): void {
    if (this.#over) return;
    this.#counts.fail(what);
    this.stop();
  }

  #receive(chunk: Buffer): void {
    const { window } = this.#reader.parser;
    this.#counts.bytesRead += chunk.length;
    // What is answered together is asked anew in one write.
    this.#socket.cork();
    try {
      for (let at = 0; at < chunk.length && !this.#over; at += window.length) {
        const part = chunk.subarray(at, at + window.length);
        window.set(part);
        this.#reader.feed(part.length);
        this.#read();
      }
    } catch (error) {
      this.#fail((error as Error).name);
    }
    this.#socket.uncork();
  }

  #read(): void {
    const reader = this.#reader;
    for (let event = reader.next(); event !== NEED_MORE && !this.#over; event = reader.next()) {
      if (event === HEAD) {
        const { status, keepAlive } = reader.head as ResponseHead;
        this.#keepAlive = keepAlive;
        if (status >= 200) this.#counts.statuses.set(status, (this.#counts.statuses.get(status) ?? 0) + 1);
      } else if (event === END) this.#answered();
    }
  }

  #answered(): void {
    const made = this.#made.shift();
    if (made === undefined) this.#fail("an answer that nobody asked for");
    else {
      this.#counts.latencies.add(performance.now() - made);
      if (this.#keepAlive) this.#send();
      else this.stop();
    }
  }

  /** The connection is gone, which may be how an answer ends. */
  #finish(): void {
    if (this.#over || this.#made.length === 0) return;
    try {
      this.#reader.finish();
      if (this.#reader.next() === END) this.#answered();
      else this.#fail("closed without an answer");
    } catch {
      this.#fail("closed in the middle of an answer");
    }
  }
}

export class Load {
  readonly counts: Counts = new Counts();
  readonly #options: LoadOptions;
  readonly #bytes: Buffer;
  readonly #connections = new Set<LoadConnection>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;
  /** Connections that were not to be had; none counts any more once one was. */
  #refused = 0;
  #unreachable: () => void = () => {};
  /** Resolves where as many connections as are wanted have failed, and none was ever had. */
  readonly unreachable: Promise<void>;

  /** Throws a TypeError where the request could not be written as it is. */
  constructor(options: LoadOptions) {
    this.#options = options;
    this.unreachable = new Promise((resolve) => {
      this.#unreachable = resolve;
    });
    this.#bytes = bytesOf(options.request);
  }

  start(): void {
    for (let index = 0; index < this.#options.connections; ++index) this.#connect();
  }

  /** Makes no more requests, and forgets those that are not answered. */
  stop(): void {
    this.#stopped = true;
    for (const connection of this.#connections) connection.stop();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #connect(): void {
    const connection = new LoadConnection(this.#options, this.#bytes, this.counts, {
      had: () => {
        this.#refused = Number.NaN;
      },
      gone: (had) => {
        this.#connections.delete(connection);
        if (!this.#stopped) this.#again(had);
      },
    });
    this.#connections.add(connection);
  }

  /** Another connection in place of one that is gone, a little later where that could not be had. */
  #again(had: boolean): void {
    if (had) {
      this.#connect();
      return;
    }
    if (++this.#refused === this.#options.connections) this.#unreachable();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#connect();
    }, RETRY);
    this.#timers.add(timer);
  }
}
