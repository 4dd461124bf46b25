/** One accepted socket under one connection: bytes into the window, answers out. */
import type { Socket } from "node:net";
import type { ConnectionGroup, ServerConnection, Transport } from "../h1/index.ts";
import { readAsStream, readDirectly } from "./direct-read.ts";
import { type DirectTarget, writeDirectly, writesDirectly } from "./direct-write.ts";

/** Bytes that a peer may leave unread before it gets no more answers. At least what a socket itself buffers. */
const UNREAD_MAX = 65536;

const NOTHING = new Uint8Array(0);

// An idle server is its sockets: what can be shared by all of them is no closure of each.
const CONNECTION = Symbol("connection");
type ServedSocket = Socket & { [CONNECTION]: ServerConnection };

function onRead(this: Socket, length: number): boolean {
  (this as ServedSocket)[CONNECTION].receiveInWindow(length);
  return true;
}

function onData(this: ServedSocket, chunk: Uint8Array): void {
  this[CONNECTION].receive(chunk);
}

function onDrain(this: ServedSocket): void {
  this.off("drain", onDrain);
  this[CONNECTION].drained();
}

function onEnd(this: ServedSocket): void {
  this[CONNECTION].finish();
}

/** Whatever went wrong with a socket, "close" follows and says all that matters here. */
function onError(): void {}

function onClose(this: ServedSocket): void {
  this[CONNECTION].abort();
}

/** Bytes of what was handed to the system that it has not sent. */
function queueSizeOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle: { writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}

/** As `Transport.unsent`. */
export function unsentOf(socket: Socket): number {
  // Bytes that wait here, and those of them in the system's hands: both change as the peer reads.
  return socket.writableLength === 0 ? 0 : socket.writableLength + queueSizeOf(socket);
}

class SocketTransport implements Transport, DirectTarget {
  readonly peer: ServedSocket;
  readonly #group: ConnectionGroup;
  /** Whether text may be written past the stream. */
  readonly #direct: boolean;
  /** Whether something of such a write waits for the system; what comes after it the stream writes. */
  queued = false;
  #ending = false;

  constructor(socket: Socket, group: ConnectionGroup) {
    this.peer = socket as ServedSocket;
    this.#group = group;
    this.#direct = writesDirectly(socket);
  }

  write(pieces: readonly (string | Uint8Array)[]): boolean {
    const first = pieces[0];
    const direct = this.#direct && !this.queued && pieces.length === 1 && typeof first === "string";
    // What is written so is less than a peer may leave unread.
    return (direct && writeDirectly(this, first)) || this.#stream(pieces);
  }

  #stream(pieces: readonly (string | Uint8Array)[]): boolean {
    const socket = this.peer;
    let room = true;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) room = typeof piece === "string" ? socket.write(piece, "latin1") : socket.write(piece);
    if (pieces.length > 1) socket.uncork();
    // To a socket that has failed nothing is written and nothing waits: what it has not told yet comes with "close".
    if (room || (socket.writable && socket.writableLength <= UNREAD_MAX)) return true;
    if (socket.listenerCount("drain") === 0) socket.on("drain", onDrain);
    return false;
  }

  get stream(): Socket {
    return this.peer;
  }

  unsent(): number {
    return unsentOf(this.peer) || (this.queued ? queueSizeOf(this.peer) : 0);
  }

  destroy(): void {
    this.peer.destroy();
  }

  reset(): void {
    try {
      this.peer.resetAndDestroy();
    } catch {
      // No TCP: there is nothing to reset.
      this.peer.destroy();
    }
  }

  probe(): void {
    // The system tells the next write of what has become of the connection, even if there is nothing to write.
    if (this.unsent() === 0) this.peer.write(NOTHING);
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    const socket = this.peer;
    socket.end();
    socket.resume();
  }

  pause(): void {
    this.peer.pause();
  }

  resume(): void {
    this.peer.resume();
  }

  detach(): Socket {
    const socket = this.peer;
    // An error still goes unheard where the new owner listens to none: no client may end the process by a reset.
    for (const [event, listener] of LISTENERS) socket.off(event, listener);
    readAsStream(socket, this.#group.parser.window);
    // Neither paused nor flowing: it waits for its new owner to listen, as a new socket does.
    (socket as { readableFlowing: boolean | null }).readableFlowing = null;
    return socket;
  }
}

const LISTENERS = [
  ["data", onData],
  ["drain", onDrain],
  ["end", onEnd],
  ["close", onClose],
] as const;

/** Gives the socket a connection of the group, which lives as long as it does. */
export function serveSocket(socket: Socket, group: ConnectionGroup): ServerConnection {
  const connection = group.connect(new SocketTransport(socket, group));
  (socket as ServedSocket)[CONNECTION] = connection;
  // What was read already, and put back, only the stream hands on.
  if (socket.readableLength > 0 || !readDirectly(socket, group.parser.window, onRead)) socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("error", onError);
  socket.on("close", onClose);
  return connection;
}

/**
 * Has what comes on a served socket go through it as a stream, for those who listen or put bytes back beside us; who
 * has begun to listen hears of it after us where we are to be `first`.
 */
export function serveAsStream(socket: Socket, group: ConnectionGroup, first: boolean): void {
  if (socket.listeners("data").includes(onData)) return;
  readAsStream(socket, group.parser.window);
  if (first) socket.prependListener("data", onData);
  else socket.on("data", onData);
}
