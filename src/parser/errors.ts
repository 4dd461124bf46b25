/** Every error that reading a message can end with: one row a code, and the class that carries it. */
import * as abi from "./abi.ts";

/** What is known of an error before it happens. */
export interface ParseErrorRow {
  /** Stable name; part of the public interface. */
  readonly name: string;
  /** Status that a server answers it with. */
  readonly status: number;
  /** Where the rule comes from. */
  readonly section: string;
  /** What was wrong. */
  readonly message: string;
}

function row(name: string, status: number, section: string, message: string): ParseErrorRow {
  return { name, status, section, message };
}

/** The table of errors, by code (src/parser/abi.ts). */
export const PARSE_ERRORS: ReadonlyMap<number, ParseErrorRow> = new Map([
  [abi.INVALID_METHOD, row("InvalidMethod", 400, "RFC 9110 §9.1", "the method is not a token followed by one space")],
  [abi.METHOD_TOO_LONG, row("MethodTooLong", 501, "RFC 9112 §3", `the method is longer than ${abi.METHOD_MAX} bytes`)],
  [abi.INVALID_TARGET, row("InvalidTarget", 400, "RFC 9112 §3.2", "the request-target is not valid")],
  [abi.TARGET_TOO_LONG, row("TargetTooLong", 414, "RFC 9112 §3", "the request-target is longer than maxTargetSize")],
  [abi.INVALID_VERSION, row("InvalidVersion", 400, "RFC 9112 §2.3", "the version is not HTTP/ digit . digit")],
  [abi.UNSUPPORTED_VERSION, row("UnsupportedVersion", 505, "RFC 9110 §15.6.6", "the major version is not 1")],
  [abi.INVALID_LINE_END, row("InvalidLineEnd", 400, "RFC 9112 §2.2", "a line does not end with CR LF")],
  [
    abi.INVALID_FIELD_NAME,
    row("InvalidFieldName", 400, "RFC 9112 §5.1", "a field name is not a token followed by a colon"),
  ],
  [
    abi.SPACE_BEFORE_COLON,
    row("SpaceBeforeColon", 400, "RFC 9112 §5.1", "white space stands between a field name and its colon"),
  ],
  [
    abi.OBSOLETE_FOLDING,
    row("ObsoleteFolding", 400, "RFC 9112 §5.2", "a line of the field section begins with white space"),
  ],
  [abi.INVALID_FIELD_VALUE, row("InvalidFieldValue", 400, "RFC 9110 §5.5", "a field value has a control byte")],
  [abi.HEAD_TOO_LARGE, row("HeadTooLarge", 431, "RFC 6585 §5", "the head is larger than maxHeadSize")],
  [abi.TOO_MANY_FIELDS, row("TooManyFields", 431, "RFC 6585 §5", "there are more fields than maxFields")],
  [
    abi.TOO_MANY_EMPTY_LINES,
    row(
      "TooManyEmptyLines",
      400,
      "RFC 9112 §2.2",
      `more than ${abi.EMPTY_LINES_MAX} empty lines stand before the start line`,
    ),
  ],
  [abi.MISSING_HOST, row("MissingHost", 400, "RFC 9112 §3.2", "an HTTP/1.1 request has no Host")],
  [abi.REPEATED_HOST, row("RepeatedHost", 400, "RFC 9112 §3.2", "a request has more than one Host")],
  [abi.INVALID_HOST, row("InvalidHost", 400, "RFC 9110 §7.2", "Host is not a host with an optional port")],
  [
    abi.INVALID_CONTENT_LENGTH,
    row("InvalidContentLength", 400, "RFC 9112 §6.3", "Content-Length is not a plain decimal number"),
  ],
  [
    abi.REPEATED_CONTENT_LENGTH,
    row("RepeatedContentLength", 400, "RFC 9112 §6.3", "there is more than one Content-Length"),
  ],
  [
    abi.CONTENT_LENGTH_TOO_LARGE,
    row("ContentLengthTooLarge", 413, "RFC 9110 §8.6", "Content-Length cannot be counted exactly"),
  ],
  [
    abi.LENGTH_WITH_TRANSFER_ENCODING,
    row("LengthWithTransferEncoding", 400, "RFC 9112 §6.3", "both Content-Length and Transfer-Encoding are there"),
  ],
  [
    abi.TRANSFER_ENCODING_IN_HTTP_1_0,
    row("TransferEncodingInHttp10", 400, "RFC 9112 §6.1", "HTTP/1.0 knows no Transfer-Encoding"),
  ],
  [
    abi.INVALID_TRANSFER_ENCODING,
    row("InvalidTransferEncoding", 400, "RFC 9112 §6.3", "Transfer-Encoding does not end with a single plain chunked"),
  ],
  [
    abi.UNSUPPORTED_TRANSFER_CODING,
    row("UnsupportedTransferCoding", 501, "RFC 9112 §6.1", "a transfer coding other than chunked is asked for"),
  ],
  [abi.INVALID_CONNECTION, row("InvalidConnection", 400, "RFC 9110 §7.6.1", "Connection is not a list of tokens")],
  [
    abi.UNKNOWN_EXPECTATION,
    row("UnknownExpectation", 417, "RFC 9110 §10.1.1", "an expectation other than 100-continue is asked for"),
  ],
  [
    abi.INVALID_CHUNK_SIZE,
    row("InvalidChunkSize", 400, "RFC 9112 §7.1", "a chunk does not begin with a hexadecimal size and CR LF"),
  ],
  [abi.CHUNK_TOO_LARGE, row("ChunkTooLarge", 413, "RFC 9112 §7.1", "a chunk is larger than 4 GiB")],
  [abi.INVALID_CHUNK_EXTENSION, row("InvalidChunkExtension", 400, "RFC 9112 §7.1.1", "a chunk extension is not valid")],
  [
    abi.CHUNK_OVERHEAD_TOO_LARGE,
    row("ChunkOverheadTooLarge", 413, "RFC 9112 §7.1.1", "chunk sizes and extensions outweigh the content"),
  ],
  [abi.INVALID_CHUNK_END, row("InvalidChunkEnd", 400, "RFC 9112 §7.1", "the data of a chunk does not end with CR LF")],
  [
    abi.TRAILERS_TOO_LARGE,
    row("TrailersTooLarge", 431, "RFC 6585 §5", "the trailer section is larger than maxHeadSize"),
  ],
  [abi.INVALID_STATUS_LINE, row("InvalidStatusLine", 502, "RFC 9112 §4", "the status line is not valid")],
  [abi.INCOMPLETE_MESSAGE, row("IncompleteMessage", 400, "RFC 9112 §8", "the input ended in the middle of a message")],
  [abi.CONTENT_TOO_LARGE, row("ContentTooLarge", 413, "RFC 9110 §15.5.14", "the content is larger than maxBodySize")],
  [abi.HEAD_TIMEOUT, row("HeadTimeout", 408, "RFC 9110 §15.5.9", "the head took longer than headTimeout")],
  [
    abi.BODY_TIMEOUT,
    row("BodyTimeout", 408, "RFC 9110 §15.5.9", "no content came for bodyTimeout, or less of it than minBodyRate"),
  ],
]);

/** Bytes as text that is safe to show anywhere: printable ASCII as it is, all else as escapes. */
function quote(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    if (byte === 0x0d) text += "\\r";
    else if (byte === 0x0a) text += "\\n";
    else if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${text}"`;
}

/**
 * A message that breaks the rules.
 *
 * `code` and `name` are stable, `status` is what a server answers, `section` names the rule, and `offset` counts in
 * bytes from the beginning of the head, content or trailer section that was being read. `quoted` shows the bytes
 * around that place, in quotes and printable; it is what the peer sent, so it does not stand in `message`.
 */
export class ParseError extends Error {
  readonly code: number;
  readonly status: number;
  readonly section: string;
  readonly offset: number;
  readonly quoted: string;

  constructor(code: number, offset = 0, bytes: Uint8Array = new Uint8Array(0)) {
    const known = PARSE_ERRORS.get(code);
    if (!known) throw new RangeError(`there is no parse error with code ${code}`);
    super(`${known.message} (${known.section}, at byte ${offset})`);
    this.name = known.name;
    this.code = code;
    this.status = known.status;
    this.section = known.section;
    this.offset = offset;
    this.quoted = quote(bytes);
  }
}
