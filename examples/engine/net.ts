/** The connection engine under sockets of `node:net`. */
import { createServer, type Socket } from "node:net";
import type { ConnectionGroup } from "pyrois/h1";
import { newGroup } from "./answer.ts";

/** Bytes that a client may leave unread before the engine is told to wait. */
const UNREAD_MAX = 65536;

/** Puts a connection of the engine between a socket and its group. */
function serve(socket: Socket, group: ConnectionGroup): void {
  const connection = group.connect({
    peer: socket,
    write(pieces) {
      socket.cork();
      for (const piece of pieces) socket.write(piece as string, "latin1");
      socket.uncork();
      return socket.writableLength < UNREAD_MAX;
    },
    unsent: () => socket.writableLength,
    end: () => socket.end().resume(),
    destroy: () => socket.destroy(),
    reset: () => socket.resetAndDestroy(),
    probe: () => socket.write(""),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    detach: () => socket.removeAllListeners(),
  });
  socket.on("data", (chunk) => connection.receive(chunk));
  socket.on("drain", () => connection.drained());
  socket.on("end", () => connection.finish());
  socket.on("error", () => {});
  socket.on("close", () => connection.abort());
}

const group = newGroup();
const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => serve(socket, group));
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on http://127.0.0.1:${port}/`);
});
