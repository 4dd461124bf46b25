/** A listening address that outlives those who listen on it. */
import { lookup } from "node:dns/promises";
import * as net from "node:net";
import { getSystemErrorName } from "node:util";
import { listenError, type Place } from "../options.ts";

/** A socket of the system, as Node keeps it: bound to an address, and nothing reads from it here. */
export interface Handle {
  readonly fd?: number;
  /** Fills in where it is bound to; gives 0, or an error of the system. */
  getsockname(address: object): number;
  close(): void;
}

/** A private piece of Node: how it makes what it listens on itself. A number is an error of the system. */
type CreateHandle = (host: string | null, port: number, family: number, fd?: number) => Handle | number;

function createHandle(): CreateHandle | undefined {
  return (net as unknown as { readonly _createServerHandle?: CreateHandle })._createServerHandle;
}

/**
 * Takes an address for workers to listen on: what this process holds stays there whatever becomes of them, and clients
 * that come meanwhile wait. Gives null where that cannot be done, for paths, descriptors, and where the private piece is
 * missing: they then share it by node:cluster, which lets go of it when the last of them ends. Rejects with an Error that
 * names the address where it cannot be had.
 */
export async function hold({ host, port, path, fd }: Place): Promise<Handle | null> {
  const create = createHandle();
  if (create === undefined || path !== undefined || fd !== undefined || process.platform === "win32") return null;
  const fail = (cause: NodeJS.ErrnoException) => listenError(cause, { host, port } as Place);
  const { address, family } = await lookup(host ?? "").catch((cause) => {
    throw fail(cause);
  });
  const handle = create(address, port as number, family);
  // That an address is taken is told only when it is used for the first time.
  const failed = typeof handle === "number" ? handle : handle.getsockname({});
  if (typeof handle === "number" || failed !== 0) {
    if (typeof handle !== "number") handle.close();
    const code = getSystemErrorName(failed);
    throw fail(Object.assign(new Error(`bind ${code}`), { code }));
  }
  if (handle.fd !== undefined && handle.fd >= 0) return handle;
  handle.close();
  return null;
}

/** Where a held socket is bound to. */
export function addressOf(handle: Handle): net.AddressInfo {
  const address = {};
  handle.getsockname(address);
  return address as net.AddressInfo;
}

/**
 * What a worker listens on that has inherited a held socket as a descriptor. By `listen({ fd })` it would ask its primary
 * for it, whose descriptors are others.
 */
export function inherited(fd: number): Handle {
  // null and 0: where it is bound to is settled.
  return createHandle()?.(null, 0, -1, fd) as Handle;
}
