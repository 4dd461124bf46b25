/** Who a request comes from where proxies stand in front: what they say is believed, what clients say is not. */
import { createRequire } from "node:module";
import type { IPv4, IPv6 } from "ipaddr.js";
import { described, type Middleware } from "../app/index.ts";
import type { HttpRequest } from "../http/index.ts";
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

export interface TrustedProxiesOptions {
  /**
   * The fields that the proxies write: "x-forwarded" (X-Forwarded-For, -Proto and -Host) or "forwarded" (RFC 7239). What
   * stands in the others may be a client's.
   */
  readonly fields?: "x-forwarded" | "forwarded";
}

type Parsed = IPv4 | IPv6;
type Range = readonly [Parsed, number];

/** An address in its one form. */
interface Address {
  readonly text: string;
  readonly trusted: boolean;
}

/** What a proxy says of how a request came to it. */
interface Hop {
  /** As it was written; it may be no address. */
  readonly address: string;
  readonly protocol: string | undefined;
  readonly host: string | undefined;
}

/** Sets of addresses by name. */
const SETS: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};
/** Connections that have no address: those of a Unix socket. */
const UNIX = "unix";

/** uri-host [ ":" port ] (RFC 9110 §7.2), without the characters that no name has in fact. */
const HOST = /^(?:[A-Za-z0-9\-._]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
/** forwarded-pair = token "=" ( token / quoted-string ) (RFC 7239 §4) */
const PAIR = /^[\t ]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"([^"\\]*)")[\t ]*$/;

type Library = typeof import("ipaddr.js");

/** Loaded where proxies are trusted, and not later: a list that makes no sense must be refused at once. */
function loadLibrary(): Library {
  return createRequire(import.meta.url)("ipaddr.js");
}

/** An address in its one form, an IPv4 address within an IPv6 one as itself; null for what is none. */
function parseAddress(library: Library, text: string): Parsed | null {
  // The library knows more notations than a proxy writes, and names of interfaces.
  if (library.IPv4.isValidFourPartDecimal(text)) return library.IPv4.parse(text);
  return text.includes(":") && !text.includes("%") && library.IPv6.isValid(text) ? library.process(text) : null;
}

function parseRange(library: Library, text: string): Range {
  const slash = text.indexOf("/");
  const address = parseAddress(library, slash < 0 ? text : text.slice(0, slash));
  const whole = address?.kind() === "ipv4" ? 32 : 128;
  const bits = slash < 0 ? whole : Number(/^\d{1,3}$/.exec(text.slice(slash + 1))?.[0] ?? Number.NaN);
  if (address !== null && bits >= 0 && bits <= whole) return [address, bits];
  const names = [...Object.keys(SETS), UNIX].join(", ");
  throw new TypeError(`trustedProxies knows ${names}, addresses and ranges of them, not ${JSON.stringify(text)}`);
}

/** Characters of the longest address there is. */
const ADDRESS_MAX = 45;
/** Addresses that are known by heart: to parse one takes longer than to serve a request. */
const KNOWN_MAX = 1000;

/** Addresses as texts mean them, null for what is none. */
function knowing(library: Library, ranges: readonly Range[]): (text: string) => Address | null {
  const known = new Map<string, Address | null>();
  const parse = (text: string): Address | null => {
    const address = parseAddress(library, text);
    if (address === null) return null;
    const isIn = ([range, bits]: Range) => range.kind() === address.kind() && address.match(range, bits);
    return { text: address.toString(), trusted: ranges.some(isIn) };
  };
  return (text) => {
    if (text.length > ADDRESS_MAX) return null;
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size === KNOWN_MAX) known.clear();
    const address = parse(text);
    known.set(text, address);
    return address;
  };
}

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
  const library = loadLibrary();
  const texts = list
    .filter((text) => text !== UNIX)
    .flatMap((text) => (Object.hasOwn(SETS, text) ? SETS[text] : [text]));
  const addressOf = knowing(
    library,
    texts.map((text) => parseRange(library, text)),
  );
  const trustsUnix = list.includes(UNIX);

  const clientOf = (request: HttpRequest): Client => {
    const { remoteAddress } = request;
    // What follows "%" names an interface of this machine.
    const nearest = remoteAddress === undefined ? null : addressOf(remoteAddress.split("%", 1)[0]);
    let address = nearest?.text ?? remoteAddress;
    let protocol: Client["protocol"] = request.secure ? "https" : "http";
    let { host } = request;
    const trusted = remoteAddress === undefined ? trustsUnix : (nearest?.trusted ?? false);
    if (!trusted) return { address, protocol, host };
    for (const hop of hopsOf(request)) {
      const said = hop.protocol?.toLowerCase();
      if (said === "http" || said === "https") protocol = said;
      if (hop.host !== undefined && HOST.test(hop.host)) host = hop.host;
      const next = addressOf(addressOfNode(hop.address));
      if (next === null) break;
      address = next.text;
      if (!next.trusted) break;
    }
    return { address, protocol, host };
  };

  const middleware: Middleware = (next) => (request) => {
    request.state.client = clientOf(request);
    return next(request);
  };
  return described(middleware, "trustedProxies", { list: [...list], fields });
}
