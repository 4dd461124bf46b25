/**
 * Reads of accepted sockets straight into a buffer of ours. Node offers that (`onread`) only for sockets that connect;
 * the same machinery serves accepted ones through pieces that are private, so each of them is looked for, and where
 * one is missing the caller uses `data` events instead.
 */
import type { Socket } from "node:net";

/** Called on the socket, with the number of bytes that now lie at the beginning of the buffer. */
type OnRead = (this: Socket, length: number) => boolean;

interface Handle {
  useUserBuffer?(buffer: Uint8Array): void;
}

/** The symbols under which a socket keeps its buffer and the function to call; null where this runtime has them not. */
let symbols: { readonly buffer: symbol; readonly callback: symbol } | null | undefined;

function findSymbols(socket: Socket): typeof symbols {
  const own = Object.getOwnPropertySymbols(socket);
  const buffer = own.find((symbol) => symbol.description === "kBuffer");
  const callback = own.find((symbol) => symbol.description === "kBufferCb");
  return buffer && callback ? { buffer, callback } : null;
}

/**
 * Makes the socket read into `buffer`, which it may share with others, and call `onRead` for each read; `onRead` must
 * be done with the bytes when it returns. Gives false, and changes nothing, where this socket cannot.
 */
export function readDirectly(socket: Socket, buffer: Uint8Array, onRead: OnRead): boolean {
  symbols ??= findSymbols(socket);
  const handle = (socket as unknown as { _handle?: Handle | null })._handle;
  if (!symbols || typeof handle?.useUserBuffer !== "function") return false;
  const inner = socket as unknown as Record<symbol, unknown>;
  inner[symbols.buffer] = buffer;
  inner[symbols.callback] = onRead;
  handle.useUserBuffer(buffer);
  return true;
}

/** Has a socket hand on what comes as any stream does, for whoever takes it over. */
export function readAsStream(socket: Socket, buffer: Uint8Array): void {
  const inner = socket as unknown as Record<symbol, unknown>;
  if (!symbols || inner[symbols.buffer] !== buffer) return;
  inner[symbols.callback] = (length: number) => socket.push(Buffer.from(buffer.subarray(0, length)));
}
