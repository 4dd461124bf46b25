import * as abi from "./abi.ts";
import { ParseError } from "./errors.ts";
import { HeaderFields } from "./fields.ts";
import { RequestHead, ResponseHead } from "./head.ts";
import { loadParser, type ParserBuild, type ParserExports, type ParserModule } from "./module.ts";
import { BorrowedSource } from "./source.ts";

/** How much a head may have. Sizes in bytes. */
export interface ParserLimits {
  /** Bytes of a head, from its start line to its empty line, and of a trailer section. 256 to 49152. */
  readonly maxHeadSize: number;
  /** Bytes of a request-target. 1 to 49152. */
  readonly maxTargetSize: number;
  /** Fields of a head or of a trailer section. 1 to 255. */
  readonly maxFields: number;
}

/** Half of what common servers in front allow, twice what browsers send. */
export const DEFAULT_PARSER_LIMITS: ParserLimits = { maxHeadSize: 16384, maxTargetSize: 8192, maxFields: 100 };

/**
 * What passes beside what RFC 9110 and 9112 allow, for whoever stands in the place of a server that takes it. Nothing by
 * default: what comes of it is not to be trusted to mean the same to others who read the request.
 */
export interface ParserTolerance {
  /** Targets of any visible ASCII characters, with userinfo, of any scheme; `*` with any method. */
  readonly target?: boolean;
  /** Any value of Host. */
  readonly host?: boolean;
  /** HTTP/1.1 without Host. */
  readonly missingHost?: boolean;
  /** Expectations other than `100-continue`: whoever reads the head answers them. */
  readonly expectation?: boolean;
}

const TOLERATE: Record<keyof ParserTolerance, number> = {
  target: abi.TOLERATE_TARGET,
  host: abi.TOLERATE_HOST,
  missingHost: abi.TOLERATE_MISSING_HOST,
  expectation: abi.TOLERATE_EXPECTATION,
};

/** Which build a parser runs, its limits, and what it tolerates. */
export interface ParserOptions extends Partial<ParserLimits> {
  /** The build to run; by default the fastest that the host can. */
  readonly build?: ParserBuild;
  /** A compiled `pyrois/parser.wasm` to run instead; for hosts that forbid compiling bytes. */
  readonly module?: ParserModule;
  /** What passes though it is wrong. */
  readonly tolerance?: ParserTolerance;
}

const RANGES: Record<keyof ParserLimits, readonly [least: number, most: number]> = {
  maxHeadSize: [256, abi.CARRY_SIZE],
  maxTargetSize: [1, abi.CARRY_SIZE],
  maxFields: [1, abi.FIELDS_MAX],
};

/** The limits of these options, with defaults; throws a RangeError where one is out of its range. */
export function checkLimits(options: Partial<ParserLimits>): ParserLimits {
  const limits = { ...DEFAULT_PARSER_LIMITS };
  for (const name of Object.keys(RANGES) as (keyof ParserLimits)[]) {
    const value = options[name] ?? limits[name];
    const [least, most] = RANGES[name];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
    }
    (limits as Record<keyof ParserLimits, number>)[name] = value;
  }
  return limits;
}

/** The same in one number, as the module takes it; throws a TypeError for what cannot be tolerated. */
export function toleranceBits(tolerance: ParserTolerance = {}): number {
  let bits = 0;
  for (const [name, tolerated] of Object.entries(tolerance)) {
    const bit = TOLERATE[name as keyof ParserTolerance];
    if (bit === undefined) throw new TypeError(`tolerance: ${name} is none of ${Object.keys(TOLERATE).join(", ")}`);
    if (tolerated) bits |= bit;
  }
  return bits;
}

/**
 * The parser as it is: a window of memory that the caller (or the kernel) fills, and functions that read what lies
 * there and say how much of it they took.
 *
 * Every parse function gives the number of bytes consumed when it is positive, asks for more when it is 0, and is a
 * negated error code when it is negative. Positions count from the beginning of `window`; a head may begin before it,
 * in the carry area, at a negative position.
 */
export class Parser {
  /** The build that runs. */
  readonly build: ParserBuild;
  readonly limits: ParserLimits;
  /** Where bytes are read to. Its memory never moves and belongs to the parser. */
  readonly window: Uint8Array<ArrayBuffer>;
  /** All of linear memory (abi.ts draws it). */
  readonly memory: Uint8Array<ArrayBuffer>;
  /** The request head that `parseRequest` found last. It holds until the next parse; `own()` makes it last. */
  readonly head: RequestHead;
  /** The response head that `parseResponse` found last, likewise. */
  readonly responseHead: ResponseHead;
  // The functions themselves: to look one up in the module's exports at each call takes longer than to call it.
  readonly #parseRequest: ParserExports["parseRequest"];
  readonly #parseResponse: ParserExports["parseResponse"];
  readonly #parseTrailers: ParserExports["parseTrailers"];
  readonly #decodeChunked: ParserExports["decodeChunked"];
  readonly #findHeadEnd: ParserExports["findHeadEnd"];
  readonly #record: Uint32Array<ArrayBuffer>;
  readonly #spans: Uint32Array<ArrayBuffer>;
  readonly #source: BorrowedSource;
  /** What the call that failed last looked at. */
  #failedStart = 0;
  #failedEnd = 0;

  /** Throws a RangeError where a limit is out of its range, a TypeError where `module` is no module of this parser. */
  constructor(options: ParserOptions = {}) {
    this.limits = checkLimits(options);
    const { build, exports } = loadParser(options.build, options.module);
    this.build = build;
    const buffer = exports.memory.buffer;
    this.memory = new Uint8Array(buffer);
    this.window = new Uint8Array(buffer, abi.WINDOW, abi.WINDOW_SIZE);
    this.#parseRequest = exports.parseRequest;
    this.#parseResponse = exports.parseResponse;
    this.#parseTrailers = exports.parseTrailers;
    this.#decodeChunked = exports.decodeChunked;
    this.#findHeadEnd = exports.findHeadEnd;
    this.#record = new Uint32Array(buffer, abi.RECORD, 32);
    this.#spans = new Uint32Array(buffer, abi.SPANS, 2 * abi.SPANS_MAX);
    this.#source = new BorrowedSource(buffer);
    this.head = new RequestHead(this.#source);
    this.responseHead = new ResponseHead(this.#source);
    const limits = new Uint32Array(buffer, abi.LIMITS, 3);
    limits[abi.LIMIT_HEAD / 4] = this.limits.maxHeadSize;
    limits[abi.LIMIT_TARGET / 4] = this.limits.maxTargetSize;
    limits[abi.LIMIT_FIELDS / 4] = this.limits.maxFields;
    exports.tolerate(toleranceBits(options.tolerance));
  }

  /** Parses a request head; where it is complete, `head` reads it. */
  parseRequest(start: number, end: number): number {
    const outcome = this.#parseRequest(abi.WINDOW + start, abi.WINDOW + end);
    return this.#conclude(outcome, start, end);
  }

  /**
   * Parses a response head; where it is complete, `responseHead` reads it. `method` is the id (`methodId`) of the
   * request's method, for the answers to HEAD and CONNECT are framed otherwise.
   */
  parseResponse(start: number, end: number, method: number): number {
    const outcome = this.#parseResponse(abi.WINDOW + start, abi.WINDOW + end, method);
    return this.#conclude(outcome, start, end);
  }

  /** Parses a trailer section, by the same contract; where it is complete, `takeFields` gives its fields. */
  parseTrailers(start: number, end: number): number {
    const outcome = this.#parseTrailers(abi.WINDOW + start, abi.WINDOW + end);
    return this.#conclude(outcome, start, end);
  }

  /**
   * How far the search for the end of a head has come: the position of the first byte of [from, end) that ends the
   * head or makes it wrong, or `end`. Bytes of [start, from) are known to decide nothing; at least three of them must
   * lie there if there were as many.
   */
  findHeadEnd(start: number, from: number, end: number): number {
    return this.#findHeadEnd(abi.WINDOW + start, abi.WINDOW + from, abi.WINDOW + end) - abi.WINDOW;
  }

  /**
   * Decodes a chunked body: gives the bytes consumed, or a negated error code. `state` and `remaining` are what the
   * last call left in `chunkState` and `chunkRemaining`, at first CHUNK_START and 0. The payload found is told by
   * `spanCount`, `spanOffset` and `spanLength`.
   */
  decodeChunked(start: number, end: number, state: number, remaining: number): number {
    const outcome = this.#decodeChunked(abi.WINDOW + start, abi.WINDOW + end, state, remaining);
    if (outcome < 0) this.#fail(start, end);
    return outcome;
  }

  get chunkState(): number {
    return this.#record[abi.CHUNK_STATE / 4];
  }

  get chunkRemaining(): number {
    return this.#record[abi.CHUNK_REMAINING / 4];
  }

  get spanCount(): number {
    return this.#record[abi.SPAN_COUNT / 4];
  }

  /** Where piece `index` of the payload begins, in bytes from the `start` of the call. */
  spanOffset(index: number): number {
    return this.#spans[2 * index];
  }

  /** Bytes of piece `index` of the payload. */
  spanLength(index: number): number {
    return this.#spans[2 * index + 1];
  }

  /** Copies bytes to where they end just before the window, and gives the (negative) position at which they begin. */
  carry(bytes: Uint8Array): number {
    if (bytes.length > abi.CARRY_SIZE) throw new RangeError(`no more than ${abi.CARRY_SIZE} bytes can be carried`);
    this.memory.set(bytes, abi.WINDOW - bytes.length);
    return -bytes.length;
  }

  /** As `head`, in an object of its own. */
  borrowHead(): RequestHead {
    return new RequestHead(this.#source);
  }

  /** As `responseHead`, in an object of its own. */
  borrowResponseHead(): ResponseHead {
    return new ResponseHead(this.#source);
  }

  /** The fields of what was parsed last, copied so that they last. */
  takeFields(): HeaderFields {
    return new HeaderFields({ source: this.#source.own() });
  }

  /** The error for a negative outcome of the last call; its offset counts from the `start` of the call, plus `base`. */
  error(outcome: number, base = 0): ParseError {
    const offset = this.#record[abi.ERROR_OFFSET / 4];
    const at = abi.WINDOW + this.#failedStart + offset;
    const from = Math.max(at - QUOTED_BEFORE, abi.WINDOW + this.#failedStart);
    const to = Math.min(at + QUOTED_AFTER, abi.WINDOW + this.#failedEnd);
    return new ParseError(-outcome, base + offset, this.memory.slice(from, to));
  }

  #conclude(outcome: number, start: number, end: number): number {
    if (outcome > 0) this.#source.point(abi.WINDOW + start, outcome);
    else if (outcome < 0) this.#fail(start, end);
    return outcome;
  }

  #fail(start: number, end: number): void {
    this.#failedStart = start;
    this.#failedEnd = end;
  }
}

/** Bytes around the wrong one that an error shows. */
const QUOTED_BEFORE = 16;
const QUOTED_AFTER = 8;
