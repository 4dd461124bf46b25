/** Heads of Node's requests, as the application reads heads. */
import type { IncomingMessage } from "node:http";
import * as abi from "../../parser/abi.ts";
import { type HeaderFields, ParseError, Parser, RequestHead } from "../../parser/index.ts";

/** Node has looked at their size already, and may have been told to allow more than a server of ours would. */
const LIMITS = { maxHeadSize: abi.CARRY_SIZE, maxTargetSize: abi.CARRY_SIZE, maxFields: abi.FIELDS_MAX };

/** Whether each character is one byte. */
const LATIN1 = /^[\0-\xff]*$/;

function linesOf(raw: readonly string[]): string {
  let lines = "";
  for (let at = 0; at < raw.length; at += 2) lines += `${raw[at]}: ${raw[at + 1]}\r\n`;
  return `${lines}\r\n`;
}

/**
 * Has the parser of the other servers read what Node's has read, so that applications see the same heads, and the same
 * are refused. It takes less time than to look for each thing that can be asked of a head where it lies in Node's.
 */
export class HeadReader {
  readonly #parser = new Parser(LIMITS);
  readonly #window: Buffer;

  constructor() {
    const { buffer, byteOffset, length } = this.#parser.window;
    this.#window = Buffer.from(buffer, byteOffset, length);
  }

  /**
   * The head of a request, which lasts. `url` is as whoever stands before the application has left it. Throws a
   * ParseError where it is no head by the rules, whatever Node thinks of it.
   */
  head({ method = "", url = "", httpVersion, rawHeaders }: IncomingMessage): RequestHead {
    // The window takes more than the parser does: what has no room there is refused as too large.
    const text = `${method} ${url} HTTP/${httpVersion}\r\n${linesOf(rawHeaders)}`;
    if (!LATIN1.test(text)) throw new ParseError(abi.INVALID_TARGET);
    const parser = this.#parser;
    const outcome = parser.parseRequest(0, this.#window.write(text, "latin1"));
    if (outcome < 0) throw parser.error(outcome);
    // What others have put into the URL may have ended its line, or the head.
    if (outcome !== text.length || parser.head.source.record(abi.FIELD_COUNT) !== rawHeaders.length / 2) {
      throw new ParseError(abi.INVALID_TARGET);
    }
    return new RequestHead(parser.head.source.own());
  }

  /** The trailers of a request, which last; null where there are none, or what came is no trailer section. */
  trailers({ rawTrailers }: Partial<IncomingMessage>): HeaderFields | null {
    // Requests that were made for tests know none.
    if (rawTrailers === undefined || rawTrailers.length === 0) return null;
    const parser = this.#parser;
    const outcome = parser.parseTrailers(0, this.#window.write(linesOf(rawTrailers), "latin1"));
    return outcome > 0 ? parser.takeFields() : null;
  }
}
