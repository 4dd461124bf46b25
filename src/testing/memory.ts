/** Connections to an application with nothing between but memory. */
import type { Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import type { Servable } from "../app/index.ts";
import { groupOf } from "../server/inject.ts";
import { serveSocket } from "../server/socket.ts";

const LOOPBACK = "127.0.0.1";

/**
 * Connects to an application: gives the client's end, which is read and written as a socket is. `secure` is whether the
 * application takes it for one of TLS.
 */
export function connect(served: Servable, secure = false): Duplex {
  const [near, far] = duplexPair();
  // An end that is destroyed tells the other nothing of it. What the application wrote before still comes, where it is read.
  near.on("close", () => far.destroy());
  far.on("close", () => setImmediate(() => near.destroy()));
  near.on("error", () => {});
  const peer = { remoteAddress: LOOPBACK, localAddress: LOOPBACK, encrypted: secure };
  serveSocket(Object.assign(far, peer) as unknown as Socket, groupOf(served));
  return near;
}
