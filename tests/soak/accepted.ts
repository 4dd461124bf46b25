/** The sockets that this process accepted, told by Node itself. */
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

export interface AcceptedSockets {
  /** Those that were not closed yet, oldest first. */
  readonly open: Set<Socket>;
  /** How many there were. */
  count: number;
}

/** Watches from now on, for as long as the process lives. */
export function acceptedSockets(): AcceptedSockets {
  const all: AcceptedSockets = { open: new Set(), count: 0 };
  subscribe("net.server.socket", (message) => {
    const { socket } = message as { socket: Socket };
    ++all.count;
    // One that was refused at once has a close to come.
    all.open.add(socket);
    socket.once("close", () => all.open.delete(socket));
  });
  return all;
}
