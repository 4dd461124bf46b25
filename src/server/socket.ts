/** One accepted socket under one connection: bytes into the window, answers out. */
import type { Socket } from "node:net";
import type { ConnectionGroup, ServerConnection, Transport } from "../h1/index.ts";
import { readAsStream, readDirectly } from "./direct-read.ts";

/**
 * Milliseconds that a closed connection waits for its peer to send something, and how often: what comes is read and
 * dropped, so that a peer which sends all it has before it reads can read the answer.
 */
const LINGER_TIME = 2000;
const LINGERS_MAX = 15;
/** Bytes that a peer may leave unread before it gets no more answers. At least what a socket itself buffers. */
const UNREAD_MAX = 65536;

/** Gives the socket a connection of the group, which lives as long as it does. */
export function serveSocket(socket: Socket, group: ConnectionGroup): ServerConnection {
  const { window } = group.parser;
  let ending = false;
  let timer: NodeJS.Timeout | undefined;

  // RFC 9112 §9.6: closing at once might reset the connection before the peer has read the last answer.
  const linger = () => {
    let { bytesRead } = socket;
    let times = 0;
    timer = setInterval(() => {
      if (socket.bytesRead === bytesRead || ++times === LINGERS_MAX) socket.destroy();
      bytesRead = socket.bytesRead;
    }, LINGER_TIME);
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
    detach() {
      for (const [event, listener] of listeners) socket.off(event, listener);
      if (direct) readAsStream(socket, window);
      // Neither paused nor flowing: it waits for its new owner to listen, as a new socket does.
      (socket as { readableFlowing: boolean | null }).readableFlowing = null;
      return socket;
    },
  };
  const connection = group.connect(transport);

  const direct = readDirectly(socket, window, (length) => {
    connection.receiveInWindow(length);
    return true;
  });
  const listeners: [event: string, listener: (chunk: Uint8Array) => void][] = [
    ["drain", () => connection.drained()],
    ["end", () => connection.finish()],
    // Whatever went wrong with the socket, "close" follows and says all that matters here.
    ["error", () => {}],
    [
      "close",
      () => {
        clearInterval(timer);
        connection.abort();
      },
    ],
  ];
  if (!direct) listeners.push(["data", (chunk) => connection.receive(chunk)]);
  for (const [event, listener] of listeners) socket.on(event, listener);
  return connection;
}
