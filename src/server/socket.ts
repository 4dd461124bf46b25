/** One accepted socket under one connection: bytes into the window, answers out. */
import type { Socket } from "node:net";
import { type ConnectionOptions, type Exchange, ServerConnection, type Transport } from "../h1/index.ts";
import type { Parser } from "../parser/index.ts";
import { readDirectly } from "./direct-read.ts";

/** Milliseconds that a closed connection still reads and drops what comes, so that the peer can read the answer. */
const LINGER_TIME = 2000;

/** Gives the socket a connection, which lives as long as it does. */
export function serveSocket(
  socket: Socket,
  parser: Parser,
  options: ConnectionOptions,
  dispatch: (exchange: Exchange) => void,
): ServerConnection {
  const { window } = parser;
  let ending = false;

  const transport: Transport = {
    write(pieces) {
      if (pieces.length === 1) return send(socket, pieces[0]);
      let flowing = true;
      socket.cork();
      for (const piece of pieces) flowing = send(socket, piece);
      socket.uncork();
      return flowing;
    },
    end() {
      if (ending) return;
      ending = true;
      socket.end();
      // RFC 9112 §9.6: closing at once might reset the connection before the peer has read the last answer.
      const timer = setTimeout(() => socket.destroy(), LINGER_TIME);
      socket.once("close", () => clearTimeout(timer));
      socket.resume();
    },
    pause() {
      socket.pause();
    },
    resume() {
      socket.resume();
    },
  };
  const connection = new ServerConnection(parser, transport, options, dispatch);

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
  socket.on("end", () => connection.finish());
  // Whatever went wrong with the socket, "close" follows and says all that matters here.
  socket.on("error", () => {});
  socket.on("close", () => connection.abort());
  return connection;
}

function send(socket: Socket, piece: string | Uint8Array): boolean {
  return typeof piece === "string" ? socket.write(piece, "latin1") : socket.write(piece);
}
