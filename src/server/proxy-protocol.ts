/** Connections that a proxy passes on, with the header in front that tells whose they are. */
import type { Socket } from "node:net";
import type { Peer } from "../h1/index.ts";
import { addressList } from "../services/addresses.ts";
import { type ProxyErrorReason, type ProxyHeader, readProxyHeader } from "./proxy-header.ts";

/** Which proxies are believed, and how long their header may take. */
export interface ProxyProtocolOptions {
  /**
   * Addresses of the proxies: single ones, ranges, "loopback", "linklocal", "private" and "unix". Everybody by default:
   * then nobody but the proxy may be able to reach the server.
   */
  readonly trusted?: readonly string[];
  /**
   * What becomes of a connection from elsewhere: "refuse" closes it, "serve" takes it as it is, and a header would be no
   * HTTP. "refuse" by default. A trusted peer must send a header in any case.
   */
  readonly untrusted?: "refuse" | "serve";
}

/** What a server needs to read headers: milliseconds that each may take, and who is told how it went. */
export interface ProxyTerms {
  readonly timeout: number;
  /** The header was read, or there is to be none; what has come behind it is there to be read. */
  serve(socket: Socket): void;
  /** There was no header as it must be; the socket is closed next. */
  failed(reason: ProxyErrorReason, socket: Socket): void;
}

/** Who may send a header, and whether others are served. */
interface Trust {
  readonly isTrusted: (socket: Socket) => boolean;
  readonly servesOthers: boolean;
}

function trustOf(options: true | ProxyProtocolOptions): Trust {
  if (options === true) return { isTrusted: () => true, servesOthers: false };
  // What stands in an environment variable is text, and must not mean that everybody is trusted.
  if (typeof options !== "object") throw new TypeError("proxyProtocol must be true, false or an object of options");
  const { trusted, untrusted = "refuse" } = options;
  if (untrusted !== "refuse" && untrusted !== "serve") {
    throw new TypeError(`untrusted of proxyProtocol must be "refuse" or "serve", not ${JSON.stringify(untrusted)}`);
  }
  if (trusted === undefined) {
    if (untrusted === "serve")
      throw new TypeError("proxyProtocol serves whom it does not trust only beside a list: trusted");
    return { isTrusted: () => true, servesOthers: false };
  }
  if (!Array.isArray(trusted)) throw new TypeError("trusted of proxyProtocol must be a list of addresses");
  const { find, hasUnix } = addressList("trusted of proxyProtocol", trusted);
  const isTrusted = ({ remoteAddress }: Socket) =>
    // What follows "%" names an interface of this machine.
    remoteAddress === undefined ? hasUnix : (find(remoteAddress.split("%", 1)[0])?.listed ?? false);
  return { isTrusted, servesOthers: untrusted === "serve" };
}

const NOTHING = Buffer.alloc(0);

/** Has a socket say that its ends are others, whoever asks. */
function tellEnds(socket: Socket, { remoteAddress, remotePort, localAddress, localPort }: Peer): void {
  const ends = { remoteAddress, remotePort, localAddress, localPort };
  for (const [name, value] of Object.entries(ends)) Object.defineProperty(socket, name, { value, configurable: true });
}

/**
 * Has what is secured of a connection tell the same ends as what lies below. Gives false where this runtime does not say
 * what that is.
 */
export function tellSameEnds(secured: Socket): boolean {
  const { _parent: below } = secured as { _parent?: Socket };
  if (below === undefined) return false;
  tellEnds(secured, below);
  return true;
}

/** Reads the header of one connection, which is either served afterwards or closed. */
function receiveHeader(socket: Socket, terms: ProxyTerms): void {
  let had: Buffer = NOTHING;
  const settle = (found: ProxyHeader | ProxyErrorReason) => {
    clearTimeout(timer);
    socket.off("data", onData).off("end", onEnd).off("close", onClose);
    if (typeof found === "string") {
      terms.failed(found, socket);
      socket.destroy();
      return;
    }
    if (found.ends !== null) tellEnds(socket, found.ends);
    socket.pause();
    if (had.length > found.size) socket.unshift(had.subarray(found.size));
    terms.serve(socket);
  };
  const onData = (chunk: Buffer) => {
    had = had.length === 0 ? chunk : Buffer.concat([had, chunk]);
    const found = readProxyHeader(had);
    if (found !== null) settle(found);
  };
  const onEnd = () => {
    // Whoever sends nothing has only looked whether somebody listens.
    if (had.length > 0) settle("incomplete");
    else socket.destroy();
  };
  const onClose = () => clearTimeout(timer);
  const timer = setTimeout(() => settle("timeout"), terms.timeout).unref();
  socket.on("data", onData).on("end", onEnd).on("close", onClose);
}

/**
 * What is to be done with every socket of a server behind proxies. Throws a TypeError where an option makes no sense.
 */
export function behindProxies(options: true | ProxyProtocolOptions, terms: ProxyTerms): (socket: Socket) => void {
  const { isTrusted, servesOthers } = trustOf(options);
  return (socket) => {
    // Whatever went wrong with it, "close" follows.
    socket.on("error", () => {});
    if (isTrusted(socket)) receiveHeader(socket, terms);
    else if (servesOthers) terms.serve(socket);
    else {
      terms.failed("untrusted", socket);
      socket.destroy();
    }
  };
}
