/**
 * The numbers that the parser (AssemblyScript) and its hosts share: one file, read by both compilers.
 *
 * Addresses are bytes in linear memory. A span is an offset and a length in bytes; its offset counts from
 * the `start` that was handed to the parse function, so it stays right when a head is copied elsewhere.
 *
 * ```
 *   0x00000 ┌──────────────────────────┐
 *           │ record       32 × u32    │  what the last parse found
 *   0x00080 │ first       128 × u8     │  known name id → 1 + index of its first field, 0 when absent
 *   0x00100 │ ids         256 × u8     │  field index → known name id, 0 when unknown
 *   0x00200 │ fields      255 × 4 u16  │  name offset, name length, value offset, value length
 *   0x00a00 │ spans       448 × 2 u32  │  content found by the chunked decoder: offset, length
 *   0x01800 │ limits        4 × u32    │  written by the host
 *   0x01a00 │ tables                   │  byte classes and known names, built when the module starts
 *   0x04000 ├──────────────────────────┤
 *           │ carry        48 KiB      │  an incomplete tail, kept so that it ends where the window begins
 *   0x10000 ├──────────────────────────┤
 *           │ window       64 KiB      │  bytes as they were read
 *   0x20000 ├──────────────────────────┤
 *           │ padding      64 bytes    │  so that 16-byte loads may start at any byte of the window
 *   0x20040 ├──────────────────────────┤
 *           │ constants                │  the compiler's own
 *   0x30000 └──────────────────────────┘
 * ```
 */

/** Raised whenever a number below changes its meaning, or the host calls what was not there. */
export const ABI_VERSION = 2;

// Linear memory.
export const RECORD = 0x0000;
export const FIRST = 0x0080;
export const IDS = 0x0100;
export const FIELDS = 0x0200;
export const SPANS = 0x0a00;
export const LIMITS = 0x1800;
export const TABLES = 0x1a00;
export const CARRY = 0x4000;
export const CARRY_SIZE = 0xc000;
export const WINDOW = 0x10000;
export const WINDOW_SIZE = 0x10000;
export const MEMORY_PAGES = 3;

/** Bytes of one row of the field table. */
export const FIELD_SIZE = 8;
/** Rows of the field table: the most that `LIMIT_FIELDS` may say. */
export const FIELDS_MAX = 255;
/** Rows of the span table: the chunked decoder returns when it is full. */
export const SPANS_MAX = 448;
/** Empty lines that may stand before a start line (RFC 9112 §2.2). */
export const EMPTY_LINES_MAX = 8;
/** Bytes of the longest method that is read; a longer one is not implemented anywhere. */
export const METHOD_MAX = 64;

// The record, in bytes from RECORD; every entry is a u32.
export const METHOD_ID = 0;
export const METHOD_OFFSET = 4;
export const METHOD_LENGTH = 8;
export const TARGET_OFFSET = 12;
export const TARGET_LENGTH = 16;
export const TARGET_FORM = 20;
export const AUTHORITY_OFFSET = 24;
export const AUTHORITY_LENGTH = 28;
export const PATH_OFFSET = 32;
export const PATH_LENGTH = 36;
export const QUERY_OFFSET = 40;
export const QUERY_LENGTH = 44;
export const MINOR_VERSION = 48;
export const FLAGS = 52;
export const FRAMING = 56;
export const CONTENT_LENGTH_LOW = 60;
export const CONTENT_LENGTH_HIGH = 64;
export const FIELD_COUNT = 68;
export const ERROR_OFFSET = 72;
export const STATUS = 76;
export const REASON_OFFSET = 80;
export const REASON_LENGTH = 84;
export const CHUNK_STATE = 88;
export const CHUNK_REMAINING = 92;
export const SPAN_COUNT = 96;

// The limits, in bytes from LIMITS; every entry is a u32.
export const LIMIT_HEAD = 0;
export const LIMIT_TARGET = 4;
export const LIMIT_FIELDS = 8;

// What `tolerate` lets pass beside what the RFCs allow, one bit each.
/** Targets of any VCHAR, and in any form but that of CONNECT. */
export const TOLERATE_TARGET = 1;
/** Any value of Host. */
export const TOLERATE_HOST = 2;
/** HTTP/1.1 without Host. */
export const TOLERATE_MISSING_HOST = 4;
/** Expectations that are not known. */
export const TOLERATE_EXPECTATION = 8;

// TARGET_FORM (RFC 9112 §3.2).
export const FORM_ORIGIN = 1;
export const FORM_ABSOLUTE = 2;
export const FORM_AUTHORITY = 3;
export const FORM_ASTERISK = 4;

// FRAMING (RFC 9112 §6.3).
/** There is no content. */
export const FRAMING_NONE = 0;
/** Content has the length that Content-Length says. */
export const FRAMING_LENGTH = 1;
/** Content comes in chunks (RFC 9112 §7.1). */
export const FRAMING_CHUNKED = 2;
/** Content of a response lasts until the connection closes. */
export const FRAMING_UNTIL_CLOSE = 3;

// FLAGS, one bit each.
/** The connection may carry another message after this one (RFC 9112 §9.3). */
export const FLAG_KEEP_ALIVE = 1;
/** `Expect: 100-continue` (RFC 9110 §10.1.1). */
export const FLAG_EXPECT_CONTINUE = 2;
/** `Upgrade`, named in `Connection` as it must be (RFC 9110 §7.8). */
export const FLAG_UPGRADE = 4;
/** The path has percent-encoded bytes. */
export const FLAG_ESCAPES = 8;
/** A known field name stands more than once. */
export const FLAG_REPEATED = 16;
/** `TE: trailers`: whoever asks takes trailers in the answer (RFC 9110 §6.5.1, §10.1.4). */
export const FLAG_TRAILERS = 32;

// The state of the chunked decoder: its phase in the low 5 bits, above them the overhead it may still meet.
/** The bits of a chunked body's state that say which part of it is read. */
export const CHUNK_PHASE_MASK = 31;
export const CHUNK_OVERHEAD_SHIFT = 5;
/** The state before the first byte of a chunked body. */
export const CHUNK_START = 524288;
/** The last chunk was read; the bytes that follow are a trailer section. */
export const CHUNK_PHASE_TRAILERS = 30;
/** The last chunk and an empty trailer section were read. */
export const CHUNK_PHASE_DONE = 31;
/**
 * Bytes of overhead (chunk sizes and extensions) that a body may be ahead of its payload; each byte of payload earns
 * CHUNK_OVERHEAD_RATE more, and never more than this is in stock.
 */
export const CHUNK_OVERHEAD_MAX = 16384;
export const CHUNK_OVERHEAD_RATE = 8;

/**
 * Every registered method (IANA, RFC 9110 §16.1.1), in the order of their ids, which begin at 1.
 * A method that is none of them has id 0.
 */
export const METHODS =
  "GET,HEAD,POST,PUT,DELETE,PATCH,OPTIONS,CONNECT,TRACE,QUERY,ACL,BASELINE-CONTROL,BIND,CHECKIN,CHECKOUT,COPY,LABEL,LINK,LOCK,MERGE,MKACTIVITY,MKCALENDAR,MKCOL,MKREDIRECTREF,MKWORKSPACE,MOVE,ORDERPATCH,PRI,PROPFIND,PROPPATCH,REBIND,REPORT,SEARCH,UNBIND,UNCHECKOUT,UNLINK,UNLOCK,UPDATE,UPDATEREDIRECTREF,VERSION-CONTROL";
export const METHOD_GET = 1;
export const METHOD_HEAD = 2;
export const METHOD_POST = 3;
export const METHOD_OPTIONS = 7;
export const METHOD_CONNECT = 8;

/** The field names that servers and clients meet most, in lower case, in the order of their ids, which begin at 1. */
export const FIELD_NAMES =
  "host,connection,content-length,transfer-encoding,expect,upgrade,te,trailer,accept,accept-encoding,accept-language,accept-charset,user-agent,referer,origin,cookie,content-type,content-encoding,content-language,content-location,content-range,content-disposition,authorization,proxy-authorization,cache-control,pragma,if-match,if-none-match,if-modified-since,if-unmodified-since,if-range,range,date,via,from,max-forwards,keep-alive,priority,dnt,sec-gpc,forwarded,x-forwarded-for,x-forwarded-host,x-forwarded-proto,x-forwarded-port,x-real-ip,x-request-id,x-requested-with,x-csrf-token,traceparent,tracestate,baggage,upgrade-insecure-requests,sec-fetch-site,sec-fetch-mode,sec-fetch-user,sec-fetch-dest,sec-ch-ua,sec-ch-ua-mobile,sec-ch-ua-platform,sec-websocket-key,sec-websocket-version,sec-websocket-protocol,sec-websocket-extensions,sec-websocket-accept,access-control-request-method,access-control-request-headers,access-control-allow-origin,access-control-allow-methods,access-control-allow-headers,access-control-allow-credentials,access-control-expose-headers,access-control-max-age,last-event-id,idempotency-key,server,set-cookie,location,etag,last-modified,expires,age,vary,allow,accept-ranges,retry-after,www-authenticate,proxy-authenticate,link,alt-svc,strict-transport-security,content-security-policy,x-content-type-options,x-frame-options,x-powered-by,referrer-policy,server-timing,prefer";
export const FIELD_HOST = 1;
export const FIELD_CONNECTION = 2;
export const FIELD_CONTENT_LENGTH = 3;
export const FIELD_TRANSFER_ENCODING = 4;
export const FIELD_EXPECT = 5;
export const FIELD_UPGRADE = 6;
export const FIELD_TE = 7;

// What a parse function returns, negated, where the input is wrong. Names, statuses and RFC sections: errors.ts.
export const INVALID_METHOD = 1;
export const METHOD_TOO_LONG = 2;
export const INVALID_TARGET = 3;
export const TARGET_TOO_LONG = 4;
export const INVALID_VERSION = 5;
export const UNSUPPORTED_VERSION = 6;
export const INVALID_LINE_END = 7;
export const INVALID_FIELD_NAME = 8;
export const SPACE_BEFORE_COLON = 9;
export const OBSOLETE_FOLDING = 10;
export const INVALID_FIELD_VALUE = 11;
export const HEAD_TOO_LARGE = 12;
export const TOO_MANY_FIELDS = 13;
export const TOO_MANY_EMPTY_LINES = 14;
export const MISSING_HOST = 15;
export const REPEATED_HOST = 16;
export const INVALID_HOST = 17;
export const INVALID_CONTENT_LENGTH = 18;
export const REPEATED_CONTENT_LENGTH = 19;
export const CONTENT_LENGTH_TOO_LARGE = 20;
export const LENGTH_WITH_TRANSFER_ENCODING = 21;
export const TRANSFER_ENCODING_IN_HTTP_1_0 = 22;
export const INVALID_TRANSFER_ENCODING = 23;
export const UNSUPPORTED_TRANSFER_CODING = 24;
export const INVALID_CONNECTION = 25;
export const UNKNOWN_EXPECTATION = 26;
export const INVALID_CHUNK_SIZE = 27;
export const CHUNK_TOO_LARGE = 28;
export const INVALID_CHUNK_EXTENSION = 29;
export const CHUNK_OVERHEAD_TOO_LARGE = 30;
export const INVALID_CHUNK_END = 31;
export const TRAILERS_TOO_LARGE = 32;
export const INVALID_STATUS_LINE = 33;
export const INCOMPLETE_MESSAGE = 34;
export const CONTENT_TOO_LARGE = 35;
export const HEAD_TIMEOUT = 36;
export const BODY_TIMEOUT = 37;
