/**
 * The header of the PROXY protocol, which a proxy sends ahead of all else to tell whose connection it passes on:
 * https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt, called "the specification" below.
 */
import { isIPv4, isIPv6, SocketAddress } from "node:net";
import type { Peer } from "../h1/index.ts";
import { crc32c } from "./crc32c.ts";

/**
 * Why a connection was closed before it began: `missing` for no header at all, `malformed` for one that breaks the rules,
 * `too-large` for one beyond its size, `checksum` for one whose checksum is another, `incomplete` and `timeout` for one
 * that did not come to its end, `untrusted` for a peer that may not send one.
 */
export type ProxyErrorReason =
  | "missing"
  | "malformed"
  | "too-large"
  | "checksum"
  | "incomplete"
  | "timeout"
  | "untrusted";

/** A header that came whole: its bytes, and the ends that it tells; null where those of the connection count. */
export interface ProxyHeader {
  readonly size: number;
  readonly ends: Peer | null;
}

/** Bytes of a header of version 1, with its line end (§2.1). */
const V1_MAX = 107;
/** Bytes of a header of version 2: what proxies send has some hundreds, while its length could say 64 KiB. */
const V2_MAX = 4096;

const ascii = new TextEncoder();
const V1_START = ascii.encode("PROXY ");
/** Chosen so that no other protocol begins with it (§2.2). */
const V2_START = ascii.encode("\r\n\r\n\0\r\nQUIT\n");

const NUMBER = "(0|[1-9]\\d{0,4})";
/** The line of version 1, where all is separated by one space (§2.1). */
const LINE = new RegExp(
  `^PROXY (?:(UNKNOWN)(?: [^\\r]*)?|(TCP[46]) ([\\da-fA-F.:]+) ([\\da-fA-F.:]+) ${NUMBER} ${NUMBER})$`,
);

const PORT_MAX = 65535;

/** An IPv6 address in its one form (RFC 5952). */
function normalIPv6(address: string): string {
  return new SocketAddress({ address, family: "ipv6" }).address;
}

function readV1(bytes: Buffer): ProxyHeader | ProxyErrorReason | null {
  const end = bytes.subarray(0, V1_MAX).indexOf("\r\n");
  if (end < 0) return bytes.length < V1_MAX ? null : "too-large";
  const [, unknown, family, source, destination, ...ports] = LINE.exec(bytes.toString("latin1", 0, end)) ?? [];
  const size = end + 2;
  if (unknown !== undefined) return { size, ends: null };
  const isAddress = family === "TCP4" ? isIPv4 : isIPv6;
  const [remotePort, localPort] = ports.map(Number);
  if (family === undefined || !isAddress(source) || !isAddress(destination)) return "malformed";
  if (remotePort > PORT_MAX || localPort > PORT_MAX) return "malformed";
  const [remoteAddress, localAddress] =
    family === "TCP4" ? [source, destination] : [normalIPv6(source), normalIPv6(destination)];
  return { size, ends: { remoteAddress, remotePort, localAddress, localPort } };
}

// The header of version 2 (§2.2), numbers with their most significant byte first:
//
//   0              12            13              14       16
//   ┌──────────────┬─────────────┬───────────────┬────────┬───────────┬──────────────────────────────┐
//   │ V2_START     │ version (2) │ family        │ length │ addresses │ TLVs: type, length (2), value │
//   │              │ command     │ protocol      │        │           │                              │
//   └──────────────┴─────────────┴───────────────┴────────┴───────────┴──────────────────────────────┘
//                   high and low  high and low             └─────────── length bytes ───────────┘
const VERSION = 12;
const FAMILY = 13;
const LENGTH = 14;
const ADDRESSES = 16;

const LOCAL = 0x20;
const PROXY = 0x21;

const UNSPEC = 0;
const INET = 1;
const INET6 = 2;
/** Bytes of the addresses of UNSPEC, INET, INET6 and UNIX: both, and where there are ports both of them. */
const ADDRESSES_SIZES = [0, 12, 36, 216];
/** Pairs of family and protocol that are assigned: of the latter, streams and datagrams (§2.2). */
const FAMILIES: readonly number[] = [0x00, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32];

/** CRC32c of the whole header, where its own bytes count as zero (§2.2.3). */
const CRC32C = 0x03;

function ipv4At(bytes: Buffer, at: number): string {
  return bytes.subarray(at, at + 4).join(".");
}

function ipv6At(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(at + 2 * group).toString(16));
  return normalIPv6(groups.join(":"));
}

/** The ends as the block of addresses tells them. Who comes by a Unix socket has no address. */
function endsOf(bytes: Buffer, family: number): Peer {
  if (family !== INET && family !== INET6) {
    return { remoteAddress: undefined, remotePort: undefined, localAddress: undefined, localPort: undefined };
  }
  const [addressAt, size] = family === INET ? [ipv4At, 4] : [ipv6At, 16];
  const ports = ADDRESSES + 2 * size;
  return {
    remoteAddress: addressAt(bytes, ADDRESSES),
    remotePort: bytes.readUInt16BE(ports),
    localAddress: addressAt(bytes, ADDRESSES + size),
    localPort: bytes.readUInt16BE(ports + 2),
  };
}

/** What is wrong with the TLVs of a header from `at` on; null where nothing is. */
function checkTLVs(header: Buffer, at: number): ProxyErrorReason | null {
  while (at < header.length) {
    const value = at + 3;
    if (value > header.length) return "malformed";
    const next = value + header.readUInt16BE(at + 1);
    if (next > header.length) return "malformed";
    if (header[at] === CRC32C) {
      if (next !== value + 4) return "malformed";
      const zeroed = Buffer.from(header).fill(0, value, next);
      if (crc32c(zeroed) !== header.readUInt32BE(value)) return "checksum";
    }
    at = next;
  }
  return null;
}

function readV2(bytes: Buffer): ProxyHeader | ProxyErrorReason | null {
  if (bytes.length < ADDRESSES) return null;
  const [command, pair] = [bytes[VERSION], bytes[FAMILY]];
  const size = ADDRESSES + bytes.readUInt16BE(LENGTH);
  if (command !== LOCAL && command !== PROXY) return "malformed";
  if (command === PROXY && !FAMILIES.includes(pair)) return "malformed";
  if (size > V2_MAX) return "too-large";
  if (bytes.length < size) return null;
  const family = pair >> 4;
  // What stands behind is not to be looked at (§2.2): LOCAL is the proxy itself, as it looks whether this server lives.
  if (command === LOCAL || family === UNSPEC) return { size, ends: null };
  const tlvs = ADDRESSES + ADDRESSES_SIZES[family];
  if (tlvs > size) return "malformed";
  return checkTLVs(bytes.subarray(0, size), tlvs) ?? { size, ends: endsOf(bytes, family) };
}

/** Whether one of them begins with the other. */
function agree(bytes: Buffer, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

/**
 * Reads the header that a connection begins with, of version 1 or 2. Gives null where more bytes are needed, and why
 * there will be none where that is so; what it gives does not depend on how the bytes were cut.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | ProxyErrorReason | null {
  if (agree(bytes, V2_START)) return readV2(bytes);
  if (agree(bytes, V1_START)) return readV1(bytes);
  return "missing";
}
