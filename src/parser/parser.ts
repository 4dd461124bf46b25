import * as abi from "./abi.ts";
import { ParseError } from "./errors.ts";
import { HeaderFields } from "./fields.ts";
import { HeadSource, RequestHead } from "./head.ts";
import { loadParser, type ParserBuild, type ParserExports } from "./module.ts";

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

export interface ParserOptions extends Partial<ParserLimits> {
  /** The build to run; by default the fastest that the host can. */
  readonly build?: ParserBuild;
}

function checked(name: keyof ParserLimits, value: number | undefined, least: number, most: number): number {
  if (value === undefined) return DEFAULT_PARSER_LIMITS[name];
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
  }
  return value;
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
  /** The head that `parseRequest` found last. It holds until the next parse; `head.own()` makes it last. */
  readonly head: RequestHead;
  readonly #exports: ParserExports;
  readonly #record: Uint32Array<ArrayBuffer>;
  readonly #source: HeadSource;

  /** Throws a RangeError where a limit is out of its range. */
  constructor(options: ParserOptions = {}) {
    const { build, exports } = loadParser(options.build);
    this.build = build;
    this.limits = {
      maxHeadSize: checked("maxHeadSize", options.maxHeadSize, 256, abi.CARRY_SIZE),
      maxTargetSize: checked("maxTargetSize", options.maxTargetSize, 1, abi.CARRY_SIZE),
      maxFields: checked("maxFields", options.maxFields, 1, abi.FIELDS_MAX),
    };
    const buffer = exports.memory.buffer;
    this.memory = new Uint8Array(buffer);
    this.window = new Uint8Array(buffer, abi.WINDOW, abi.WINDOW_SIZE);
    this.#exports = exports;
    this.#record = new Uint32Array(buffer, abi.RECORD, 32);
    this.#source = new HeadSource(buffer, true);
    this.head = new RequestHead(this.#source);
    const limits = new Uint32Array(buffer, abi.LIMITS, 3);
    limits[abi.LIMIT_HEAD / 4] = this.limits.maxHeadSize;
    limits[abi.LIMIT_TARGET / 4] = this.limits.maxTargetSize;
    limits[abi.LIMIT_FIELDS / 4] = this.limits.maxFields;
  }

  /** Parses a request head; where it is complete, `head` and `borrowHead` read it. */
  parseRequest(start: number, end: number): number {
    const outcome = this.#exports.parseRequest(abi.WINDOW + start, abi.WINDOW + end);
    if (outcome > 0) this.#source.point(abi.WINDOW + start, outcome);
    return outcome;
  }

  /** Parses a trailer section, by the same contract; where it is complete, `takeFields` gives its fields. */
  parseTrailers(start: number, end: number): number {
    const outcome = this.#exports.parseTrailers(abi.WINDOW + start, abi.WINDOW + end);
    if (outcome > 0) this.#source.point(abi.WINDOW + start, outcome);
    return outcome;
  }

  /**
   * How far the search for the end of a head has come: the position of the first byte of [from, end) that ends the
   * head or makes it wrong, or `end`. Bytes of [start, from) are known to decide nothing; at least three of them must
   * lie there if there were as many.
   */
  findHeadEnd(start: number, from: number, end: number): number {
    return this.#exports.findHeadEnd(abi.WINDOW + start, abi.WINDOW + from, abi.WINDOW + end) - abi.WINDOW;
  }

  /**
   * Decodes a chunked body: gives the bytes consumed, or a negated error code. `state` and `remaining` are what the
   * last call left in `chunkState` and `chunkRemaining`, at first CHUNK_START and 0. The payload found is told by
   * `spanCount`, `spanOffset` and `spanLength`.
   */
  decodeChunked(start: number, end: number, state: number, remaining: number): number {
    return this.#exports.decodeChunked(abi.WINDOW + start, abi.WINDOW + end, state, remaining);
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
    return this.#source.u32[abi.SPANS / 4 + 2 * index];
  }

  /** Bytes of piece `index` of the payload. */
  spanLength(index: number): number {
    return this.#source.u32[abi.SPANS / 4 + 2 * index + 1];
  }

  /** Copies bytes to where they end just before the window, and gives the (negative) position at which they begin. */
  carry(bytes: Uint8Array): number {
    if (bytes.length > abi.CARRY_SIZE) throw new RangeError(`no more than ${abi.CARRY_SIZE} bytes can be carried`);
    this.memory.set(bytes, abi.WINDOW - bytes.length);
    return -bytes.length;
  }

  /** A head of its own object on what was parsed last; like `head` it holds until the next parse, or `own()`. */
  borrowHead(): RequestHead {
    return new RequestHead(this.#source);
  }

  /** The fields of what was parsed last, copied so that they last. */
  takeFields(): HeaderFields {
    return new HeaderFields({ source: this.#source.copy() });
  }

  /** The error for a negative outcome of the last call; its offset counts from `start`, plus `base`. */
  error(outcome: number, base = 0): ParseError {
    return new ParseError(-outcome, base + this.#record[abi.ERROR_OFFSET / 4]);
  }
}
