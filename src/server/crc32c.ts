/** CRC32c (RFC 9260, appendix A): the checksum of headers of the PROXY protocol. */

/** The polynomial of Castagnoli, with its lowest bit first. */
const POLYNOMIAL = 0x82f63b78;

/** Bit by bit: what it is taken of has some hundred bytes, once a connection. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return ~crc >>> 0;
}
