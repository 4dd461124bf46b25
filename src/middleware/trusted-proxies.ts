/** Who a request comes from where proxies stand in front: what they say is believed, what clients say is not. */
import { described, type Middleware } from "../app/index.ts";
import type { HttpRequest } from "../http/index.ts";
import { addressList } from "../services/addresses.ts";
import { oneOf } from "./options.ts";

declare module "../http/state.ts" {
  interface RequestState {
    /** Whoever has sent the request, as far as it is known; set by `trustedProxies`. */
    client?: Client;
  }
}

/** Whoever has sent a request. */
export interface Client {
  /** The address that is furthest away among those that are known for sure; undefined on a Unix socket. */
  readonly address: string | undefined;
  /** How the client came: to the proxy that it came to first of those that are trusted, or to here. */
  readonly protocol: "http" | "https";
  /** Whom it asked for: host, with the port where one was given; null where that is not known. */
  readonly host: string | null;
}

/** What `trustedProxies` reads of what proxies write. */
export interface TrustedProxiesOptions {
  /**
   * The fields that the proxies write: "x-forwarded" (X-Forwarded-For, -Proto and -Host) or "forwarded" (RFC 7239). What
   * stands in the others may be a client's.
   */
  readonly fields?: "x-forwarded" | "forwarded";
}

/** What a proxy says of how a request came to it. */
interface Hop {
  /** As it was written; it may be no address. */
  readonly address: string;
  readonly protocol: string | undefined;
  readonly host: string | undefined;
}

/** uri-host [ ":" port ] (RFC 9110 §7.2), without the characters that no name has in fact. */
const HOST = /^(?:[A-Za-z0-9\-._]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
/** forwarded-pair = token "=" ( token / quoted-string ) (RFC 7239 §4) */
const PAIR = /^[\t ]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"([^"\\]*)")[\t ]*$/;

/** The address of a node, without its port (RFC 7239 §6). */
function addressOfNode(node: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(node);
  if (bracketed) return bracketed[1];
  return /^([\d.]+):\d{1,5}$/.exec(node)?.[1] ?? node;
}

/** What the elements of a list are, the last first. */
function elementsOf(value: string | null): string[] {
  return value === null
    ? []
    : value
        .split(",")
        .map((element) => element.trim())
        .reverse();
}

/** The hops of Forwarded, the nearest first, up to what no proxy has written. */
function forwardedHops({ headers }: HttpRequest): Hop[] {
  const hops: Hop[] = [];
  for (const element of elementsOf(headers.get("forwarded"))) {
    const found = new Map<string, string>();
    for (const part of element.split(";")) {
      const [, name, token, quoted] = PAIR.exec(part) ?? [];
      if (name === undefined || found.has(name.toLowerCase())) return hops;
      found.set(name.toLowerCase(), token ?? quoted);
    }
    hops.push({ address: found.get("for") ?? "", protocol: found.get("proto"), host: found.get("host") });
  }
  return hops;
}

/** The hops of X-Forwarded-For. Of the others each hop has its own where there are as many, else the nearest one's counts. */
function xForwardedHops({ headers }: HttpRequest): Hop[] {
  const addresses = elementsOf(headers.get("x-forwarded-for"));
  const protocols = elementsOf(headers.get("x-forwarded-proto"));
  const hosts = elementsOf(headers.get("x-forwarded-host"));
  const own = (list: readonly string[], index: number) => list[list.length === addresses.length ? index : 0];
  // A proxy may say how it was come to, and not by whom.
  const all = addresses.length === 0 && protocols.length + hosts.length > 0 ? [""] : addresses;
  return all.map((address, index) => ({ address, protocol: own(protocols, index), host: own(hosts, index) }));
}

/**
 * Finds out who has sent each request: `request.state.client`. The list has the addresses of proxies: single ones,
 * ranges (`10.0.0.0/8`), and "loopback", "linklocal", "private" and "unix" (connections without addresses). From the
 * connection on, as long as an address is among them, what it says is believed; the first that is not is the client's.
 * What is no address, protocol or host is as if it were not there. Throws a TypeError where the list or an option makes
 * no sense.
 */
export function trustedProxies(list: readonly string[], options: TrustedProxiesOptions = {}): Middleware {
  const fields = oneOf("fields", options.fields ?? "x-forwarded", ["x-forwarded", "forwarded"]);
  const hopsOf = fields === "forwarded" ? forwardedHops : xForwardedHops;
  const { find, hasUnix } = addressList("trustedProxies", list);

  const clientOf = (request: HttpRequest): Client => {
    const { remoteAddress } = request;
    // What follows "%" names an interface of this machine.
    const nearest = remoteAddress === undefined ? null : find(remoteAddress.split("%", 1)[0]);
    let address = nearest?.text ?? remoteAddress;
    let protocol: Client["protocol"] = request.secure ? "https" : "http";
    let { host } = request;
    const trusted = remoteAddress === undefined ? hasUnix : (nearest?.listed ?? false);
    if (!trusted) return { address, protocol, host };
    for (const hop of hopsOf(request)) {
      const said = hop.protocol?.toLowerCase();
      if (said === "http" || said === "https") protocol = said;
      if (hop.host !== undefined && HOST.test(hop.host)) host = hop.host;
      const next = find(addressOfNode(hop.address));
      if (next === null) break;
      address = next.text;
      if (!next.listed) break;
    }
    return { address, protocol, host };
  };

  const middleware: Middleware = (next) => (request) => {
    request.state.client = clientOf(request);
    return next(request);
  };
  return described(middleware, "trustedProxies", { list: [...list], fields });
}
