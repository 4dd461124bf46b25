import type { Duplex } from "node:stream";
import { ClientConnection, type Peer, type Transport } from "../h1/index.ts";

/** The client's end of a stream of Node. */
class StreamTransport implements Transport {
  readonly peer: Peer = {};
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  write(pieces: readonly (string | Uint8Array)[]): boolean {
    const stream = this.#stream;
    for (const piece of pieces) stream.write(piece, "latin1");
    return !stream.writableNeedDrain;
  }

  unsent(): number {
    return this.#stream.writableLength;
  }

  end(): void {
    this.#stream.end();
    this.#stream.resume();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  reset(): void {
    this.#stream.destroy();
  }

  probe(): void {}

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  detach(): Duplex {
    return this.#stream.removeAllListeners("data");
  }
}

/** The connection of a client over a stream; it is gone when the stream is. */
export function clientOver(stream: Duplex): ClientConnection {
  const connection = new ClientConnection(new StreamTransport(stream));
  stream.on("data", (chunk: Uint8Array) => connection.receive(chunk));
  stream.on("drain", () => connection.drained());
  stream.on("end", () => connection.finish());
  stream.on("close", () => connection.abort());
  return connection;
}
