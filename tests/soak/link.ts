/** A client's connection: writes bytes as they are, in pieces, and reads answers strictly, whatever their framing. */
import { connect, type Socket } from "node:net";
import type { Random } from "./random.ts";

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** The connection ended before what was awaited had come. */
export class EndedError extends Error {}

/** Addresses of this machine to connect from: each has ports of its own, so that none run out while they rest. */
const SOURCES = process.platform === "linux" ? Array.from({ length: 200 }, (_, at) => `127.0.0.${at + 2}`) : [];
let source = 0;

/** A socket that connects; the handshake may not be over. */
export function dial(port: number): Socket {
  const from = SOURCES.length > 0 ? { localAddress: SOURCES[source++ % SOURCES.length] } : {};
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true, ...from });
  // What went wrong shows in what was read; "close" follows.
  socket.on("error", () => {});
  return socket;
}

const HEAD_END = "\r\n\r\n";

export class Link {
  readonly socket: Socket;
  /** Whether the server has ended its side, or the connection is gone. */
  ended = false;
  #pieces: Buffer[] = [];
  #size = 0;
  #wake: (() => void) | null = null;

  constructor(port: number) {
    this.socket = dial(port);
    this.socket.on("data", (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#size += piece.length;
      this.#tell();
    });
    const end = () => {
      this.ended = true;
      this.#tell();
    };
    this.socket.on("end", end).on("close", end);
  }

  /** Writes bytes; resolves when the system has them, or never will. */
  write(bytes: Uint8Array | string): Promise<void> {
    if (this.socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** Writes bytes in pieces that are cut anywhere. */
  async writeCut(bytes: Buffer, random: Random): Promise<void> {
    const pieces = random.oneIn(3) ? 1 : random.between(1, 6);
    let at = 0;
    for (let left = pieces; left > 0 && at < bytes.length; --left) {
      const next = left === 1 ? bytes.length : random.between(at, bytes.length);
      await this.write(bytes.subarray(at, next));
      if (random.oneIn(2)) await new Promise((resolve) => setImmediate(resolve));
      at = next;
    }
  }

  /** The next answer, whole; `methodOf` tells which request it belongs to. Counts nothing below 200. */
  async answer(method = "GET"): Promise<Answer> {
    for (;;) {
      const { status, headers } = await this.head();
      if (status < 200) continue;
      return { status, headers, body: await this.#content(method, status, headers) };
    }
  }

  /** The next head, of whatever status. */
  async head(): Promise<{ status: number; headers: Map<string, string> }> {
    const text = (await this.#through(HEAD_END)).toString("latin1");
    const [line, ...lines] = text.slice(0, -HEAD_END.length).split("\r\n");
    const start = /^HTTP\/1\.1 (\d{3}) [ -~]*$/.exec(line);
    if (!start) throw new Error(`no status line: ${JSON.stringify(line.slice(0, 200))}`);
    const headers = new Map<string, string>();
    for (const field of lines) {
      const [, name, value] = /^([!#$%&'*+\-.^_`|~\w]+): (.*)$/.exec(field) ?? [];
      if (name === undefined || headers.has(name.toLowerCase())) throw new Error(`bad field: ${JSON.stringify(field)}`);
      headers.set(name.toLowerCase(), value);
    }
    return { status: Number(start[1]), headers };
  }

  /** Waits until the server has ended the connection; gives what was left to read. */
  async end(): Promise<Buffer> {
    while (!this.ended) await this.#more();
    return this.#take(this.#size);
  }

  /** Waits until so many bytes have come, or the end. */
  async arrived(size: number): Promise<void> {
    while (this.#size < size && !this.ended) await this.#more();
  }

  /** Ends the connection with RST. */
  reset(): void {
    this.socket.resetAndDestroy();
    this.ended = true;
    this.#tell();
  }

  /** Ends the connection with FIN, and reads no more. */
  destroy(): void {
    this.socket.destroy();
    this.ended = true;
    this.#tell();
  }

  async #content(method: string, status: number, headers: ReadonlyMap<string, string>): Promise<Buffer> {
    if (method === "HEAD" || status === 204 || status === 304) return Buffer.alloc(0);
    const length = headers.get("content-length");
    const coding = headers.get("transfer-encoding");
    if (coding !== undefined) {
      if (coding !== "chunked" || length !== undefined) throw new Error(`wrong framing: ${coding}, ${length}`);
      return this.#chunks();
    }
    if (length === undefined) {
      if (headers.get("connection") !== "close") throw new Error("content without an end");
      return this.end();
    }
    if (!/^\d+$/.test(length)) throw new Error(`wrong length: ${length}`);
    return this.#exactly(Number(length));
  }

  async #chunks(): Promise<Buffer> {
    const all: Buffer[] = [];
    for (;;) {
      const line = (await this.#through("\r\n")).toString("latin1");
      if (!/^[\da-f]+\r\n$/.test(line)) throw new Error(`no chunk size: ${JSON.stringify(line.slice(0, 50))}`);
      const size = Number.parseInt(line, 16);
      const chunk = await this.#exactly(size + 2);
      if (chunk.toString("latin1", size) !== "\r\n") throw new Error("a chunk does not end where it says");
      if (size === 0) return Buffer.concat(all);
      all.push(chunk.subarray(0, size));
    }
  }

  async #through(end: string): Promise<Buffer> {
    let searched = 0;
    for (;;) {
      const known = this.#all();
      const at = known.indexOf(end, Math.max(0, searched - end.length), "latin1");
      if (at >= 0) return this.#take(at + end.length);
      searched = known.length;
      if (this.ended) throw new EndedError(`ended after ${JSON.stringify(known.toString("latin1", 0, 200))}`);
      await this.#more();
    }
  }

  async #exactly(size: number): Promise<Buffer> {
    while (this.#size < size) {
      if (this.ended) throw new EndedError(`ended after ${this.#size} of ${size} bytes`);
      await this.#more();
    }
    return this.#take(size);
  }

  #all(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0];
  }

  #take(size: number): Buffer {
    const all = this.#all();
    this.#pieces = [all.subarray(size)];
    this.#size -= size;
    return all.subarray(0, size);
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #tell(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
