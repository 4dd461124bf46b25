/** Responses after which a connection speaks another protocol. */
import type { Duplex } from "node:stream";
import { serializeSwitch } from "../h1/index.ts";
import { HandOver, type HeadersInit, HttpHeaders } from "../http/index.ts";

/**
 * Goes on with a connection: `head` are bytes that have come already, to be read before those of the socket. The
 * socket is the taker's to read, write and end; after an error, which need not be listened to, comes "close".
 */
export type TakeSocket = (socket: Duplex, head: Buffer) => void;

/** Hands a connection over once `text` was written. */
function handOver(text: string, take: TakeSocket): HandOver {
  return handOverSilently((socket, head) => {
    socket.write(text, "latin1");
    take(socket, head);
  });
}

/** Hands a connection over; the taker writes the response itself. */
export function handOverSilently(take: TakeSocket): HandOver {
  return new HandOver((stream, unread) =>
    take(stream as Duplex, Buffer.from(unread.buffer, unread.byteOffset, unread.length)),
  );
}

/**
 * Answers a request that asks for another protocol (`Upgrade`, RFC 9110 §7.8) with 101, and hands its connection over.
 * Throws a TypeError where the protocol or a field cannot be sent.
 */
export function upgrade(protocol: string, take: TakeSocket, headers?: HeadersInit): HandOver {
  return handOver(serializeSwitch(protocol, new HttpHeaders(headers)), take);
}

/** Answers CONNECT with 200, and hands its connection over (RFC 9110 §9.3.6). */
export function tunnel(take: TakeSocket, headers?: HeadersInit): HandOver {
  return handOver(serializeSwitch(null, new HttpHeaders(headers)), take);
}
