import * as abi from "./abi.ts";
import type { HeadSource } from "./source.ts";

/** Known field names by id, in lower case; 0 is none of them. */
const NAMES: readonly string[] = ["", ...abi.FIELD_NAMES.split(",")];
const IDS: ReadonlyMap<string, number> = new Map(NAMES.slice(1).map((name, index) => [name, index + 1]));

/** Id of a field name among the known ones, 0 where it is none of them; `name` is in lower case. */
export function fieldId(name: string): number {
  return IDS.get(name) ?? 0;
}

/** Fields that hold one value: where they are repeated against the rules the first counts, and nothing is joined. */
const SINGLE: ReadonlySet<string> = new Set(
  "age,authorization,content-length,content-location,content-range,content-type,date,etag,expires,from,host,if-modified-since,if-range,if-unmodified-since,last-modified,location,max-forwards,origin,proxy-authorization,range,referer,retry-after,server,user-agent".split(
    ",",
  ),
);

/** What `HeaderFields` reads: a head, which says when it is over. */
interface FieldOwner {
  readonly source: HeadSource;
}

/**
 * The fields of a head or of a trailer section, in their order and case. Names are found without regard to case, and
 * nothing is decoded before it is asked for.
 */
export class HeaderFields {
  readonly #owner: FieldOwner;

  constructor(owner: FieldOwner) {
    this.#owner = owner;
  }

  /** Number of field lines. */
  get size(): number {
    return this.#owner.source.record(abi.FIELD_COUNT);
  }

  /** Whether there is a field of this name. */
  has(name: string): boolean {
    return this.#next(this.#owner.source, name, 0) >= 0;
  }

  /**
   * The value of a field, null where there is none. Repeated lines are joined by ", " (RFC 9110 §5.3), those of Cookie
   * by "; " (RFC 6265 §5.4); of a field that holds a single value the first line counts.
   */
  get(name: string): string | null {
    const source = this.#owner.source;
    const first = this.#next(source, name, 0);
    if (first < 0) return null;
    const value = valueAt(source, first);
    if (first + 1 === source.record(abi.FIELD_COUNT)) return value;
    if (source.fieldId(first) !== 0 && (source.record(abi.FLAGS) & abi.FLAG_REPEATED) === 0) return value;
    const key = name.toLowerCase();
    if (SINGLE.has(key)) return value;
    let joined = value;
    for (let at = first; ; ) {
      at = this.#next(source, name, at + 1);
      if (at < 0) return joined;
      joined += (key === "cookie" ? "; " : ", ") + valueAt(source, at);
    }
  }

  /** The values of all lines of a field, in order. */
  getAll(name: string): string[] {
    const source = this.#owner.source;
    const values: string[] = [];
    for (let at = this.#next(source, name, 0); at >= 0; at = this.#next(source, name, at + 1)) {
      values.push(valueAt(source, at));
    }
    return values;
  }

  /** Every field line as name and value, names in the case they were sent in. */
  entries(): [name: string, value: string][] {
    const source = this.#owner.source;
    const { text } = source;
    const count = source.record(abi.FIELD_COUNT);
    const all: [string, string][] = new Array(count);
    for (let index = 0; index < count; ++index) {
      const name = source.fieldSpan(index, 0);
      const value = source.fieldSpan(index, 2);
      all[index] = [
        text.substring(name, name + source.fieldSpan(index, 1)),
        text.substring(value, value + source.fieldSpan(index, 3)),
      ];
    }
    return all;
  }

  /** Names and values in turn, names in the case they were sent in. */
  flat(): string[] {
    const source = this.#owner.source;
    const { text } = source;
    const count = source.record(abi.FIELD_COUNT);
    const all: string[] = [];
    for (let index = 0; index < count; ++index) {
      const name = source.fieldSpan(index, 0);
      const value = source.fieldSpan(index, 2);
      all.push(
        text.substring(name, name + source.fieldSpan(index, 1)),
        text.substring(value, value + source.fieldSpan(index, 3)),
      );
    }
    return all;
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.entries()[Symbol.iterator]();
  }

  /** Index of the first line of this name at `from` or after it, -1 where there is none. */
  #next(source: HeadSource, name: string, from: number): number {
    const id = IDS.get(name) ?? IDS.get(name.toLowerCase());
    const count = source.record(abi.FIELD_COUNT);
    if (id !== undefined) {
      if (from === 0) return source.firstOf(id);
      for (let index = from; index < count; ++index) if (source.fieldId(index) === id) return index;
      return -1;
    }
    const key = name.toLowerCase();
    for (let index = from; index < count; ++index) {
      if (source.fieldId(index) !== 0) continue;
      if (source.fieldSpan(index, 1) !== key.length) continue;
      if (source.slice(source.fieldSpan(index, 0), key.length).toLowerCase() === key) return index;
    }
    return -1;
  }
}

function valueAt(source: HeadSource, index: number): string {
  return source.slice(source.fieldSpan(index, 2), source.fieldSpan(index, 3));
}
