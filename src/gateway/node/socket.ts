/** Sockets that responses of node:http are written to. */
import type { Socket } from "node:net";
import type { ConnectionGroup } from "../../h1/index.ts";
import { serveAsStream } from "../../server/socket.ts";
import { drainResponse, type ServingSocket } from "./messages.ts";

function onDrain(this: ServingSocket): void {
  if (this._httpMessage) drainResponse(this._httpMessage);
}

/** What is written together, as streams hand it on. */
type Chunks = readonly { readonly chunk: string | Uint8Array; readonly encoding: BufferEncoding }[];
type Done = (error?: Error | null) => void;
interface Writer {
  _write(chunk: unknown, encoding: BufferEncoding, done: Done): void;
  _writev?(chunks: Chunks, done: Done): void;
}

/** Writes what has one piece that is not empty, as most responses do that Node ends with an empty one, as that piece. */
function writeTogether(this: Writer, chunks: Chunks, done: Done): void {
  const [first, second] = chunks;
  if (chunks.length === 2 && second.chunk.length === 0) this._write(first.chunk, first.encoding, done);
  else (Object.getPrototypeOf(this) as Writer)._writev?.call(this, chunks, done);
}

/** Set on sockets that are prepared. */
const PREPARED: unique symbol = Symbol("prepared");
type Prepared = ServingSocket & { [PREPARED]?: boolean };

/** Has a socket tell the responses that are written to it when there is room for more; gives whether that is new. */
export function prepareSocket(socket: Prepared): boolean {
  if (socket[PREPARED]) return false;
  socket[PREPARED] = true;
  socket.on("drain", onDrain);
  const writer = socket as unknown as Writer;
  if (typeof writer._writev === "function") writer._writev = writeTogether;
  return true;
}

/**
 * A `resume` for sockets of a group that has each hand on what comes as any stream does from when somebody else listens
 * to that, as on node:http. A stream that gets such a listener is resumed, and hardly ever else: nobody who does not
 * listen pays for it.
 */
export function resumeOf(group: ConnectionGroup): Socket["resume"] {
  return function (this: Socket) {
    if (this.listenerCount("data") > 0) {
      Reflect.deleteProperty(this, "resume");
      // Whoever listens has come after the server.
      serveAsStream(this, group, true);
    }
    return (Object.getPrototypeOf(this) as Socket).resume.call(this);
  };
}

/** Takes back what `prepareSocket` did, where it did it, and a `resume` of its own. */
export function releaseSocket(socket: Prepared): void {
  Reflect.deleteProperty(socket, "resume");
  if (!socket[PREPARED]) return;
  socket[PREPARED] = false;
  socket.off("drain", onDrain);
  delete (socket as unknown as Writer)._writev;
}
