/**
 * Writes to accepted sockets past their streams, as long as the system takes all at once, which it does but for peers
 * that read slowly: what a stream does beside a write is 3 to 7 % of a small request (bench/README.md). Node does the same
 * in pieces that are private, so each of them is looked for, and where one is missing the stream writes.
 */
import type { Socket } from "node:net";
import { getSystemErrorName } from "node:util";

/** Characters up to which Node has the system take text at once; longer text it queues first. */
const TEXT_MAX = 16384;

/** What becomes of a write that the system has not taken whole. */
interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
  /** A number below 0 as long as no write has it. */
  getAsyncId(): number;
  /** The status where it is known already, before somebody could wait for it (Node 26). */
  readonly writeStatus?: number | null;
  [TARGET]: DirectTarget;
}

interface Handle {
  /**
   * Gives 0 or a negated error of the system. The request is used, until it is complete, where the system does not take all
   * at the first try, though it may at the second; where none was given (Node 26), it is what is given back then.
   */
  writeLatin1String(request: WriteRequest | null, text: string): number | WriteRequest;
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

/** Node's own class of requests to write, null where it writes without; undefined until it was seen to write. */
let WriteRequests: (new () => WriteRequest) | null | undefined;
/** A request that no write has used. */
let spare: WriteRequest | null = null;

/** Has the next write of text by the stream show how it is done. */
function learn(handle: Handle): void {
  handle.writeLatin1String = (request, text) => {
    if (request === null) WriteRequests = null;
    // One that could not tell whether it is used must not be used again.
    else if (typeof request.getAsyncId === "function") WriteRequests = request.constructor as new () => WriteRequest;
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
  if (WriteRequests === undefined) learn(handle);
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

/** Has the target wait for what the system has not taken. */
function wait(request: WriteRequest, target: DirectTarget): void {
  target.queued = true;
  request[TARGET] = target;
  request.oncomplete = onComplete;
  if (typeof request.writeStatus === "number") request.oncomplete(request.writeStatus);
}

/**
 * Writes text of one byte a character to a socket of which `writesDirectly` is true, and gives whether it did: where
 * something else waits to be written first, or the socket is ended, its stream must.
 */
export function writeDirectly(target: DirectTarget, text: string): boolean {
  const { peer: socket } = target;
  if (WriteRequests === undefined || text.length > TEXT_MAX || socket.writableLength > 0 || !socket.writable)
    return false;
  const handle = (socket as WithHandle)._handle as Handle;
  if (WriteRequests !== null) spare ??= new WriteRequests();
  const outcome = handle.writeLatin1String(spare, text);
  if (outcome === 0 && (spare === null || spare.getAsyncId() < 0)) return true;
  const request = outcome === 0 ? (spare as WriteRequest) : outcome;
  spare = null;
  if (typeof request === "number") fail(socket, request);
  else wait(request, target);
  return true;
}
