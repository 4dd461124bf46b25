import { WINDOW_SIZE } from "./abi.ts";
import { ParseError } from "./errors.ts";
import type { HeaderFields } from "./fields.ts";
import { type MessageHead, methodId, type RequestHead, type ResponseHead } from "./head.ts";
import { checkLimits, Parser, type ParserOptions, toleranceBits } from "./parser.ts";
import { DATA, END, HEAD, type MessageReader, NEED_MORE, RequestReader, ResponseReader } from "./reader.ts";

/** What a message consists of, in this order; "data" comes once for each piece, "trailers" only where there are any. */
export type ParserEvent<Head extends MessageHead> =
  | { readonly type: "head"; readonly head: Head }
  /** Content: a view on the chunk that was pushed. */
  | { readonly type: "data"; readonly data: Uint8Array }
  | { readonly type: "trailers"; readonly trailers: HeaderFields }
  | { readonly type: "end" };

/** Parsers by their limits and build: of the builds that are inlined, and of compiled modules. */
const parsers = new Map<string, Parser>();
const moduleParsers = new WeakMap<object, Map<string, Parser>>();

/** The parser that all message parsers of these options share: they use its window one after the other. */
export function sharedParser(options: ParserOptions): Parser {
  const { maxHeadSize, maxTargetSize, maxFields } = checkLimits(options);
  const shared = options.module ? (moduleParsers.get(options.module) ?? new Map<string, Parser>()) : parsers;
  if (options.module) moduleParsers.set(options.module, shared);
  const key = [options.build, maxHeadSize, maxTargetSize, maxFields, toleranceBits(options.tolerance)].join();
  let parser = shared.get(key);
  if (!parser) {
    parser = new Parser(options);
    shared.set(key, parser);
  }
  return parser;
}

/** Reads the messages of one connection from chunks of any cut. */
abstract class MessageParser<Head extends MessageHead> {
  readonly #reader: MessageReader<Head>;
  #error: ParseError | null = null;

  constructor(reader: MessageReader<Head>) {
    this.#reader = reader;
  }

  /**
   * Takes the next bytes of the connection and gives what they complete. All of the chunk is read at once; where it is
   * wrong, the events before that place come first, and then a ParseError is thrown, and by every later call.
   */
  push(chunk: Uint8Array): Iterable<ParserEvent<Head>> {
    if (this.#error) throw this.#error;
    const events: ParserEvent<Head>[] = [];
    try {
      for (let at = 0; at < chunk.length; ) at += this.#take(chunk, at, events);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.#error = error;
      return withError(events, error);
    }
    return events;
  }

  /**
   * The connection has ended. Gives the end of a response that lasted until now; throws a ParseError where a message is
   * incomplete.
   */
  finish(): readonly ParserEvent<Head>[] {
    if (this.#error) throw this.#error;
    this.#reader.finish();
    return this.#reader.next() === END ? [{ type: "end" }] : [];
  }

  /** Called for each head, before the next one is parsed. */
  protected abstract onHead(head: Head): void;

  /** Reads some of the chunk from `at` on; gives how many bytes. */
  #take(chunk: Uint8Array, at: number, events: ParserEvent<Head>[]): number {
    const reader = this.#reader;
    const content = reader.passContent(chunk.length - at);
    if (content > 0) {
      events.push({ type: "data", data: chunk.subarray(at, at + content) });
      this.#read(chunk, at, events);
      return content;
    }
    const length = Math.min(chunk.length - at, WINDOW_SIZE);
    reader.parser.window.set(chunk.subarray(at, at + length));
    reader.feed(length);
    this.#read(chunk, at, events);
    return length;
  }

  /** Turns what the reader tells into events; what lies at 0 of the window lies at `base` of the chunk. */
  #read(chunk: Uint8Array, base: number, events: ParserEvent<Head>[]): void {
    const reader = this.#reader;
    for (;;) {
      const event = reader.next();
      if (event === NEED_MORE) return;
      if (event === HEAD) {
        const head = (reader.head as Head).own();
        this.onHead(head);
        events.push({ type: "head", head });
      } else if (event === DATA) {
        events.push({ type: "data", data: chunk.subarray(base + reader.dataStart, base + reader.dataEnd) });
      } else if (event === END) events.push({ type: "end" });
      else events.push({ type: "trailers", trailers: reader.trailers as HeaderFields });
    }
  }
}

function* withError<Event>(events: readonly Event[], error: ParseError): Generator<Event, never> {
  yield* events;
  throw error;
}

/** Reads the requests of a connection: bytes in, events out. */
export class RequestParser extends MessageParser<RequestHead> {
  /** Throws a RangeError where a limit is out of its range. */
  constructor(options: ParserOptions = {}) {
    super(new RequestReader(sharedParser(options)));
  }

  protected onHead(): void {}
}

/** Reads the responses of a connection: bytes in, events out. */
export class ResponseParser extends MessageParser<ResponseHead> {
  readonly #reader: ResponseReader;
  readonly #methods: number[] = [];

  /** Throws a RangeError where a limit is out of its range. */
  constructor(options: ParserOptions = {}) {
    const reader = new ResponseReader(sharedParser(options));
    super(reader);
    this.#reader = reader;
  }

  /**
   * Tells the method of the next request that was sent; responses answer requests in their order. A response beyond
   * the requests that were told of is read as one to GET.
   */
  expect(method: string): void {
    this.#methods.push(methodId(method));
    this.#reader.requestMethod = this.#methods[0];
  }

  protected onHead(head: ResponseHead): void {
    // An informational response precedes the final one to the same request (RFC 9110 §15.2).
    if (head.status < 200 && head.status !== 101) return;
    this.#methods.shift();
    this.#reader.requestMethod = this.#methods[0] ?? 0;
  }
}
