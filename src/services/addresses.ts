/** Lists of addresses, as those give them who say which proxies they trust. */
import type { IPv4, IPv6 } from "ipaddr.js";

type Parsed = IPv4 | IPv6;
type Range = readonly [Parsed, number];
type Library = typeof import("ipaddr.js");

/** An address in its one form, and whether it is in the list. */
export interface Address {
  readonly text: string;
  readonly listed: boolean;
}

/** What is known of addresses by a list of them. */
export interface AddressList {
  /** The address that a text means; null for what is none. */
  readonly find: (text: string) => Address | null;
  /** Whether connections without addresses are among them. */
  readonly hasUnix: boolean;
}

/** Sets of addresses by name. */
const SETS: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};
/** Connections that have no address: those of a Unix socket. */
const UNIX = "unix";

/** Characters of the longest address there is. */
const ADDRESS_MAX = 45;
/** Addresses that are known by heart: to parse one takes longer than to serve a request. */
const KNOWN_MAX = 1000;

/** Loaded where there is a list, and not later: one that makes no sense must be refused at once. */
function loadLibrary(): Library {
  return process.getBuiltinModule("node:module").createRequire(import.meta.url)("ipaddr.js");
}

/** An address in its one form, an IPv4 address within an IPv6 one as itself; null for what is none. */
function parseAddress(library: Library, text: string): Parsed | null {
  // The library knows more notations than a proxy writes, and names of interfaces.
  if (library.IPv4.isValidFourPartDecimal(text)) return library.IPv4.parse(text);
  return text.includes(":") && !text.includes("%") && library.IPv6.isValid(text) ? library.process(text) : null;
}

function parseRange(library: Library, text: string, owner: string): Range {
  const slash = text.indexOf("/");
  const address = parseAddress(library, slash < 0 ? text : text.slice(0, slash));
  const whole = address?.kind() === "ipv4" ? 32 : 128;
  const bits = slash < 0 ? whole : Number(/^\d{1,3}$/.exec(text.slice(slash + 1))?.[0] ?? Number.NaN);
  if (address !== null && bits >= 0 && bits <= whole) return [address, bits];
  const names = [...Object.keys(SETS), UNIX].join(", ");
  throw new TypeError(`${owner} knows ${names}, addresses and ranges of them, not ${JSON.stringify(text)}`);
}

/**
 * Reads a list: single addresses, ranges (`10.0.0.0/8`), and "loopback", "linklocal", "private" and "unix" (connections
 * without addresses). Throws a TypeError that names its `owner` where an entry makes no sense.
 */
export function addressList(owner: string, list: readonly string[]): AddressList {
  const library = loadLibrary();
  const ranges = list
    .filter((text) => text !== UNIX)
    .flatMap((text) => (Object.hasOwn(SETS, text) ? SETS[text] : [text]))
    .map((text) => parseRange(library, text, owner));
  const known = new Map<string, Address | null>();
  const parse = (text: string): Address | null => {
    const address = parseAddress(library, text);
    if (address === null) return null;
    const isIn = ([range, bits]: Range) => range.kind() === address.kind() && address.match(range, bits);
    return { text: address.toString(), listed: ranges.some(isIn) };
  };
  const find = (text: string): Address | null => {
    if (text.length > ADDRESS_MAX) return null;
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size === KNOWN_MAX) known.clear();
    const address = parse(text);
    known.set(text, address);
    return address;
  };
  return { find, hasUnix: list.includes(UNIX) };
}
