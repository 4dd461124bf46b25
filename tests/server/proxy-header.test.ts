/** Headers of the PROXY protocol, in every piece that they can come in. */
import { describe, expect, test } from "vitest";
import { crc32c } from "../../src/server/crc32c.ts";
import { readProxyHeader } from "../../src/server/proxy-header.ts";
import vectors from "../vectors/proxy/headers.json" with { type: "json" };

interface Vector {
  readonly id: string;
  /** Bytes, one character each. */
  readonly input: string;
  /** Why it is refused. */
  readonly error?: string;
  /** Whether more is needed. */
  readonly partial?: boolean;
  /** Bytes of the header; others follow. */
  readonly size?: number;
  /** The ends that it tells; null for those of the connection, `unix` for ends without addresses. */
  readonly ends?: object | null;
}

const NO_ADDRESSES = { remoteAddress: undefined, remotePort: undefined, localAddress: undefined, localPort: undefined };

function wanted({ error, partial, size, ends = null }: Vector): unknown {
  if (error !== undefined) return error;
  if (partial) return null;
  return { size, ends: ends !== null && "unix" in ends ? NO_ADDRESSES : ends };
}

test.each(vectors as Vector[])("$id", (vector) => {
  const bytes = Buffer.from(vector.input, "latin1");
  const outcome = wanted(vector);
  expect(readProxyHeader(bytes)).toEqual(outcome);
  for (let cut = 0, decided = false; cut < bytes.length; ++cut) {
    const found = readProxyHeader(bytes.subarray(0, cut));
    // Once it is known it stays what it is, whatever follows.
    if (found !== null || decided) expect(found, `cut at ${cut}`).toEqual(outcome);
    decided ||= found !== null;
  }
  if (vector.partial) return;
  expect(readProxyHeader(Buffer.concat([bytes, Buffer.from("\r\n\0behind")]))).toEqual(outcome);
});

describe("a header", () => {
  test.each((vectors as Vector[]).filter(({ size }) => size !== undefined))(
    "$id is needed to its last byte",
    (vector) => {
      const bytes = Buffer.from(vector.input, "latin1").subarray(0, vector.size);
      expect(readProxyHeader(bytes.subarray(0, -1))).toBe(null);
      expect(readProxyHeader(bytes)).not.toBe(null);
    },
  );
});

test("CRC32c is that of RFC 9260 and of its check value", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  // RFC 7143, B.4
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
});
