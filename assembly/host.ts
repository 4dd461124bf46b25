/** Host and authority (RFC 3986 §3.2, RFC 9110 §7.2). */
import {
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  DOT,
  HEX_DIGIT,
  PERCENT,
  ZERO,
  isClass,
  isDigit,
} from "./bytes";
import { outsideRegName, skipRegName } from "./scan";

/** Whether [p, end) is `dec-octet "." dec-octet "." dec-octet "." dec-octet`. */
function isIPv4(p: usize, end: usize): bool {
  for (let octet = 0; octet < 4; ++octet) {
    if (octet) {
      if (p >= end || load<u8>(p) != DOT) return false;
      ++p;
    }
    const from = p;
    let value: u32 = 0;
    while (p < end && p - from < 3 && isDigit(load<u8>(p))) value = value * 10 + load<u8>(p++) - ZERO;
    if (p == from || value > 255 || (p - from > 1 && load<u8>(from) == ZERO)) return false;
  }
  return p == end;
}

/** Whether [p, end) is an IPv6address: eight groups of 1 to 4 HEXDIG, the last two perhaps as IPv4, one run as `::`. */
function isIPv6(p: usize, end: usize): bool {
  let groups = 0;
  let elided = false;
  if (p + 1 < end && load<u8>(p) == COLON) {
    if (load<u8>(p + 1) != COLON) return false;
    elided = true;
    p += 2;
  }
  while (p < end) {
    const from = p;
    while (p < end && p - from < 4 && isClass(load<u8>(p), HEX_DIGIT)) ++p;
    if (p < end && load<u8>(p) == DOT) {
      groups += 2;
      if (!isIPv4(from, end)) return false;
      break;
    }
    if (p == from) return false;
    ++groups;
    if (p == end) break;
    if (load<u8>(p) != COLON) return false;
    ++p;
    if (p == end) return false;
    if (load<u8>(p) == COLON) {
      if (elided) return false;
      elided = true;
      ++p;
    }
  }
  return elided ? groups < 8 : groups == 8;
}

/** First byte after the IP-literal that begins at `p`, 0 where it is none. IPvFuture has no user and is refused. */
function skipIPLiteral(p: usize, end: usize): usize {
  const from = p + 1;
  for (p = from; p < end && load<u8>(p) != BRACKET_CLOSE; ) ++p;
  return p < end && isIPv6(from, p) ? p + 1 : 0;
}

/** First byte of [p, end) that is not of a reg-name, 0 where a percent sign has not two digits after it. */
function skipHostName(p: usize, end: usize): usize {
  while (true) {
    p = min(skipRegName(p, end), end);
    if (p == end || load<u8>(p) != PERCENT) return p;
    if (p + 2 >= end || !isClass(load<u8>(p + 1), HEX_DIGIT) || !isClass(load<u8>(p + 2), HEX_DIGIT)) return 0;
    p += 3;
  }
}

/**
 * Whether [p, end) is at most 16 bytes of a reg-name and a port of at most 4 digits, as nearly every Host is. Where it
 * is not, it may be valid all the same.
 */
// @ts-ignore: decorator
@inline
function isPlainAuthority(p: usize, end: usize): bool {
  const length = <i32>(end - p);
  if (length < 1 || length > 16) return false;
  const all = (1 << length) - 1;
  const bytes = v128.load(p);
  const others = outsideRegName(bytes) & all;
  if (!others) return true;
  const colon = i32.ctz(others);
  const port = all & ~((2 << colon) - 1);
  const digits = i8x16.bitmask(i8x16.le_u(i8x16.sub(bytes, i8x16.splat(ZERO)), i8x16.splat(9)));
  return load<u8>(p + colon) == COLON && colon > 0 && length - colon <= 5 && (digits & port) == port;
}

/**
 * Whether [p, end) is `uri-host [ ":" port ]` with a host that is not empty (RFC 9110 §4.2.1) and a port of at most
 * 65535. With `portNeeded` the port must be there and not be empty (RFC 9112 §3.2.3).
 */
export function isAuthority(p: usize, end: usize, portNeeded: bool): bool {
  const from = p;
  if (ASC_FEATURE_SIMD && !portNeeded && isPlainAuthority(p, end)) return true;
  if (p >= end) return false;
  p = load<u8>(p) == BRACKET_OPEN ? skipIPLiteral(p, end) : skipHostName(p, end);
  if (p == 0 || p == from) return false;
  if (p == end) return !portNeeded;
  if (load<u8>(p) != COLON) return false;
  const digits = ++p;
  let port: u32 = 0;
  for (; p < end; ++p) {
    if (!isDigit(load<u8>(p))) return false;
    port = port * 10 + load<u8>(p) - ZERO;
    if (port > 65535) return false;
  }
  return !portNeeded || p > digits;
}
