import { checkField } from "../h1/index.ts";

/** What response fields can be made of. */
export type HeadersInit =
  | HttpHeaders
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string>>;

/** The fields of a response, in order. Names keep their case and are compared without it. */
export class HttpHeaders {
  readonly #lines: [name: string, value: string][] = [];

  constructor(init?: HeadersInit) {
    if (init === undefined) return;
    const entries = Symbol.iterator in init ? init : Object.entries(init);
    for (const [name, value] of entries as Iterable<readonly [string, string]>) this.append(name, value);
  }

  /** Number of field lines. */
  get size(): number {
    return this.#lines.length;
  }

  /** The value of a field, lines joined by ", "; null where there is none. */
  get(name: string): string | null {
    const values = this.getAll(name);
    return values.length > 0 ? values.join(", ") : null;
  }

  /** The values of all lines of a field. */
  getAll(name: string): string[] {
    const key = name.toLowerCase();
    return this.#lines.filter((line) => line[0].toLowerCase() === key).map((line) => line[1]);
  }

  /** Whether there is such a field; names are compared without case. */
  has(name: string): boolean {
    const key = name.toLowerCase();
    return this.#lines.some((line) => line[0].toLowerCase() === key);
  }

  /** Sets a field to one line, in place of all it had. Throws a TypeError where it could not be sent. */
  set(name: string, value: string): this {
    checkField(name, value);
    this.delete(name);
    this.#lines.push([name, value]);
    return this;
  }

  /** Adds a line. Throws a TypeError where it could not be sent. */
  append(name: string, value: string): this {
    checkField(name, value);
    this.#lines.push([name, value]);
    return this;
  }

  /** Takes all lines of a field away; gives whether there was one. */
  delete(name: string): boolean {
    const key = name.toLowerCase();
    const before = this.#lines.length;
    for (let index = before - 1; index >= 0; --index) {
      if (this.#lines[index][0].toLowerCase() === key) this.#lines.splice(index, 1);
    }
    return this.#lines.length < before;
  }

  /** All lines, in the order they were set. */
  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.#lines[Symbol.iterator]();
  }
}
