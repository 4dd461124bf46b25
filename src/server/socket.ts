/** One accepted socket under one connection: bytes into the window, answers out. */
import type { Socket } from "node:net";
import { type Clock, type ConnectionOptions, type Exchange, ServerConnection, type Transport } from "../h1/index.ts";
import type { Parser } from "../parser/index.ts";
import { readDirectly } from "./direct-read.ts";

/** Milliseconds that a closed connection still reads and drops what comes, so that the peer can read the answer. */
const LINGER_TIME = 2000;
/** Bytes that a peer may leave unread before it gets no more answers. At least what a socket itself buffers. */
const UNREAD_MAX = 65536;

/** Gives the socket a connection, which lives as long as it does. */
export function serveSocket(
  socket: Socket,
  parser: Parser,
  options: ConnectionOptions,
  clock: Clock,
  dispatch: (exchange: Exchange) => void,
): ServerConnection {
  const { window } = parser;
  let ending = false;
  let timer: NodeJS.Timeout | undefined;

  // RFC 9112 §9.6: closing at once might reset the connection before the peer has read the last answer.
  const linger = () => {
    timer = setTimeout(() => socket.destroy(), LINGER_TIME);
  };

  const transport: Transport = {
    peer: socket,
    write(pieces) {
      if (pieces.length > 1) socket.cork();
      for (const piece of pieces) {
        if (typeof piece === "string") socket.write(piece, "latin1");
        else socket.write(piece);
      }
      if (pieces.length > 1) socket.uncork();
      return socket.writableLength <= UNREAD_MAX;
    },
    unsent() {
      // Bytes that wait here, and of those in the system's hands what it has not sent: both change as the peer reads.
      const { _handle: handle } = socket as unknown as { _handle: { writeQueueSize?: number } | null };
      return socket.writableLength === 0 ? 0 : socket.writableLength + (handle?.writeQueueSize ?? 0);
    },
    destroy() {
      socket.destroy();
    },
    end() {
      if (ending) return;
      ending = true;
      // The peer may take its time to read what was written; only then it has that much more to close its side.
      socket.end(linger);
      socket.resume();
    },
    pause() {
      socket.pause();
    },
    resume() {
      socket.resume();
    },
  };
  const connection = new ServerConnection(parser, transport, options, clock, dispatch);

  const direct = readDirectly(socket, window, (length) => {
    connection.receive(length);
    return true;
  });
  if (!direct) {
    socket.on("data", (chunk: Uint8Array) => {
      for (let at = 0; at < chunk.length; at += window.length) {
        const part = chunk.subarray(at, at + window.length);
        window.set(part);
        connection.receive(part.length);
      }
    });
  }
  socket.on("drain", () => connection.drained());
  socket.on("end", () => connection.finish());
  // Whatever went wrong with the socket, "close" follows and says all that matters here.
  socket.on("error", () => {});
  socket.on("close", () => {
    clearTimeout(timer);
    connection.abort();
  });
  return connection;
}
