/** A listening address that outlives those who listen on it. */
import * as net from "node:net";
import { getSystemErrorName } from "node:util";
import { listenError, type Place } from "../options.ts";

/** A socket of the system, as Node keeps it: bound to an address, and nothing reads from it here. */
export interface Handle {
  readonly fd?: number;
  /** Fills in where it is bound to; gives 0, or an error of the system. Those of Unix sockets do not have it. */
  getsockname?(address: object): number;
  close(): void;
}

/** A private piece of Node: how it makes what it listens on itself. A number is an error of the system. */
type CreateHandle = (host: string | null, port: number, family: number, fd?: number) => Handle | number;

function createHandle(): CreateHandle | undefined {
  return (net as unknown as { readonly _createServerHandle?: CreateHandle })._createServerHandle;
}

/** Makes what listens on a descriptor. null and 0: where it is bound to is settled. */
function opened(create: CreateHandle, fd: number): Handle | number {
  return create(null, 0, -1, fd);
}

/**
 * Takes an address or a descriptor for workers to listen on: what this process holds stays there whatever becomes of them,
 * and clients that come meanwhile wait. Gives null where that cannot be done, for paths, and where the private piece is
 * missing: they then share it by node:cluster, which lets go of it when the last of them ends. Rejects with an Error that
 * names the address where it cannot be had.
 */
export async function hold({ host, port, path, fd }: Place): Promise<Handle | null> {
  const create = createHandle();
  if (create === undefined || path !== undefined || process.platform === "win32") return null;
  const fail = (cause: NodeJS.ErrnoException) => listenError(cause, { host, port, fd } as Place);
  const bound = async () => {
    // Loaded only where it is used.
    const { lookup } = process.getBuiltinModule("node:dns/promises");
    const { address, family } = await lookup(host ?? "").catch((cause) => {
      throw fail(cause);
    });
    return create(address, port as number, family);
  };
  const handle = fd === undefined ? await bound() : opened(create, fd);
  // That an address is taken is told only when it is used for the first time.
  const failed = typeof handle === "number" ? handle : (handle.getsockname?.({}) ?? 0);
  if (typeof handle === "number" || failed !== 0) {
    if (typeof handle !== "number") handle.close();
    const code = getSystemErrorName(failed);
    throw fail(Object.assign(new Error(`bind ${code}`), { code }));
  }
  if (handle.fd !== undefined && handle.fd >= 0) return handle;
  handle.close();
  return null;
}

/** Where a held socket is bound to; null where that is a path. */
export function addressOf(handle: Handle): net.AddressInfo | null {
  if (handle.getsockname === undefined) return null;
  const address = {};
  handle.getsockname(address);
  return address as net.AddressInfo;
}

/** Private pieces of a server of Node: what it listens on, and what has it listen there. */
interface Listening {
  _handle: Handle | null;
  _listen2(address: null, port: number, family: number, backlog: number): void;
}

/**
 * Has the server of a worker listen on a held socket that it has inherited as a descriptor. By `listen({ fd })` it would
 * ask its primary for it, whose descriptors are others; and so it would for the handle of a Unix socket.
 */
export function listenOnInherited(server: net.Server, fd: number, backlog: number): void {
  const handle = opened(createHandle() as CreateHandle, fd) as Handle;
  if (handle.getsockname !== undefined) {
    // Beside the options, too: of those it is not read here.
    server.listen({ _handle: handle, backlog } as net.ListenOptions, backlog);
    return;
  }
  const listening = server as unknown as Listening;
  listening._handle = handle;
  listening._listen2(null, -1, -1, backlog);
}
