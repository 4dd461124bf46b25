/** The server's ends of connections, seen from outside: each passes by here before its server gets it. */
import { Server, type Socket } from "node:net";

let sockets: Socket[] = [];
let direct = true;

const { emit } = Server.prototype;
Server.prototype.emit = function look(this: Server, event: string | symbol, ...values: unknown[]): boolean {
  if (event === "connection" || event === "secureConnection") {
    const socket = values[0] as Socket;
    if (event === "connection") sockets.push(socket);
    if (!direct) withoutHandle(socket);
  }
  return emit.apply(this, [event, ...values] as Parameters<typeof emit>);
};

/** Takes from a socket what direct reads and writes need, as a runtime without it would have it. */
function withoutHandle(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { _handle: object };
  for (const name of ["useUserBuffer", "writeQueueSize"]) Object.defineProperty(handle, name, { value: undefined });
}

/** Makes all sockets that are accepted from now on unable to read and write directly. */
export function forbidDirectly(): void {
  direct = false;
}

/** The socket that a server has for a client's. */
export function accepted(client: Socket): Socket {
  const socket = sockets.find(({ remotePort }) => remotePort === client.localPort);
  if (!socket) throw new Error("no server has accepted this client");
  return socket;
}

export function forgetAccepted(): void {
  sockets = [];
}
