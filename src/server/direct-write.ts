/**
 * Writes to accepted sockets past their streams, as long as the system takes all at once, which it does but for peers
 * that read slowly: what a stream does beside a write takes longer than all that this server does for a small answer.
 * Node does the same in pieces that are private, so each of them is looked for, and where one is missing the stream
 * writes.
 */
import type { Socket } from "node:net";
import { getSystemErrorName } from "node:util";

/** Characters up to which Node has the system take text at once; longer text it queues first. */
const TEXT_MAX = 16384;

/** What becomes of a write that the system has not taken whole. */
interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
  [TARGET]: DirectTarget;
}

interface Handle {
  /** Gives a negated error of the system, or 0. The request is used where the system does not take all at once. */
  writeLatin1String(request: WriteRequest, text: string): number;
  readonly writeQueueSize: number;
}

type WithHandle = Socket & { readonly _handle: Handle | null };

/** A socket that is written to directly. */
export interface DirectTarget {
  readonly peer: Socket;
  /** Whether something of such a write waits for the system. Until it has left, the stream must write. */
  queued: boolean;
}

const TARGET: unique symbol = Symbol("target");

/** The handles of sockets that are the system's own. */
const OF_THE_SYSTEM: ReadonlySet<string> = new Set(["TCP", "Pipe"]);

/** Node's own class of requests to write; null until one was seen. */
let WriteRequests: (new () => WriteRequest) | null = null;
/** A request that no write has used. */
let spare: WriteRequest | null = null;

/** Has the next write of text by the stream show what class its request has. */
function learn(handle: Handle): void {
  handle.writeLatin1String = (request, text) => {
    WriteRequests = request.constructor as new () => WriteRequest;
    Reflect.deleteProperty(handle, "writeLatin1String");
    return handle.writeLatin1String(request, text);
  };
}

/** Whether a socket may be written to directly, as far as that can be told before anything is. */
export function writesDirectly(socket: Socket): boolean {
  const { _handle: handle } = socket as WithHandle;
  if (!handle || !OF_THE_SYSTEM.has(handle.constructor.name) || "deno" in process.versions || "bun" in process.versions)
    return false;
  if (typeof handle.writeLatin1String !== "function" || typeof handle.writeQueueSize !== "number") return false;
  if (WriteRequests === null) learn(handle);
  return true;
}

function fail(socket: Socket, status: number): void {
  const code = getSystemErrorName(status);
  socket.destroy(Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: "write" }));
}

function onComplete(this: WriteRequest, status: number): void {
  const target = this[TARGET];
  target.queued = false;
  if (status !== 0) fail(target.peer, status);
}

/**
 * Writes text of one byte a character to a socket of which `writesDirectly` is true, and gives whether it did: where
 * something else waits to be written first, or the socket is ended, its stream must.
 */
export function writeDirectly(target: DirectTarget, text: string): boolean {
  const { peer: socket } = target;
  if (WriteRequests === null || text.length > TEXT_MAX || socket.writableLength > 0 || !socket.writable) return false;
  const handle = (socket as WithHandle)._handle as Handle;
  spare ??= new WriteRequests();
  const request = spare;
  const status = handle.writeLatin1String(request, text);
  if (status === 0 && handle.writeQueueSize === 0) return true;
  spare = null;
  if (status === 0) {
    target.queued = true;
    request[TARGET] = target;
    request.oncomplete = onComplete;
  } else fail(socket, status);
  return true;
}
