/** The routes of one host. */
import type { Parameter } from "./pattern.ts";
import { type Methodical, pick, Search } from "./search.ts";
import { grow, type Leaf, Node, prune } from "./tree.ts";
import type { Found, ParamValues } from "./types.ts";
import { defaultOf, type Variant } from "./variants.ts";

/** A variant of a pattern, for one method. */
export interface Entry<T> extends Methodical {
  readonly value: T;
  /** The route it is of, as errors name it. */
  readonly label: string;
  readonly variant: Variant<Entry<T>>;
  /** What is found, where it is the same every time. */
  readonly found: Found<T> | null;
}

/** How a table reads paths. */
export interface TableOptions {
  readonly head: boolean;
  readonly ignoreSlash: boolean;
  /** Whether code of others runs in a search, which may search itself. */
  readonly foreign: boolean;
  /** Fixed text as it is compared; null where it is compared as it is. */
  readonly fold: ((text: string) => string) | null;
}

export const NONE: Found<never> = { kind: "none" };
export const INVALID: Found<never> = { kind: "invalid" };

/** Makes objects that inherit nothing; unlike those of `Object.create(null)` they are not dictionaries to the engine. */
const Params = function Params() {} as unknown as new () => Record<string, unknown>;
Params.prototype = Object.freeze(Object.create(null));

function paramsOf(
  names: readonly string[],
  values: readonly unknown[],
  missing: readonly Parameter[],
): ParamValues | null {
  const params = new Params();
  for (let index = 0; index < names.length; ++index) params[names[index]] = values[index];
  for (let index = 0; index < missing.length; ++index) params[missing[index].name] = defaultOf(missing[index]);
  return params;
}

/** An entry for a variant. */
export function entryOf<T>(method: string, value: T, label: string, variant: Variant<Entry<T>>): Entry<T> {
  const { names, missing } = variant;
  // A default that is an object, such as a Date, is made anew for each request: one could change it.
  const steady = names.length === 0 && missing.every((parameter) => typeof defaultOf(parameter) !== "object");
  const params = missing.length > 0 ? Object.freeze(paramsOf([], [], missing)) : null;
  return { method, value, label, variant, found: steady ? { kind: "found", value, params } : null };
}

/** Routes by method and path. */
export class Table<T> {
  readonly #root = new Node<Entry<T>>("");
  /** Leaves of paths without parameters. */
  readonly #fixed = new Map<string, Leaf<Entry<T>>>();
  /** What is registered, by method and what it matches. */
  readonly #taken = new Map<string, Entry<T>>();
  readonly #options: TableOptions;
  readonly #search: Search<Entry<T>>;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#search = new Search(options.head);
  }

  get empty(): boolean {
    return this.#taken.size === 0;
  }

  #key({ method, variant: { key } }: Entry<T>): string {
    const same = this.#options.ignoreSlash && key.length > 1 && key.endsWith("/") ? key.slice(0, -1) : key;
    return `${method} ${same}`;
  }

  /** Throws a TypeError where what it matches is taken. */
  add(entry: Entry<T>): void {
    const key = this.#key(entry);
    const other = this.#taken.get(key);
    if (other) throw new TypeError(`${entry.label} is taken by ${other.label}`);
    this.#taken.set(key, entry);
    const { steps } = entry.variant;
    const leaf = grow(this.#root, steps);
    leaf.entries.push(entry);
    if (steps.length === 1) this.#fixed.set(steps[0] as string, leaf);
  }

  remove(entry: Entry<T>): void {
    this.#taken.delete(this.#key(entry));
    const { steps } = entry.variant;
    const leaf = grow(this.#root, steps);
    leaf.entries.splice(leaf.entries.indexOf(entry), 1);
    if (leaf.entries.length > 0) return;
    if (steps.length === 1) this.#fixed.delete(steps[0] as string);
    prune(this.#root, steps);
  }

  find(method: string, path: string): Found<T> {
    const { fold, foreign, head } = this.#options;
    const folded = fold === null ? path : fold(path);
    const leaf = this.#fixed.get(folded);
    if (leaf !== undefined) {
      const entry = pick(leaf, method, head);
      if (entry !== null) return entry.found ?? this.#found(entry, []);
    }
    const search = foreign ? new Search<Entry<T>>(head) : this.#search;
    const entry = search.run(this.#root, method, path, folded);
    if (entry !== null) return this.#found(entry, search.values);
    if (search.invalid) return INVALID;
    return search.other ? { kind: "method", allowed: this.allowed(path) } : NONE;
  }

  #found({ value, variant: { names, missing } }: Entry<T>, values: readonly unknown[]): Found<T> {
    return { kind: "found", value, params: paramsOf(names, values, missing) };
  }

  /** Methods that a path has routes for, sorted. */
  allowed(path: string): string[] {
    const { fold, head } = this.#options;
    const search = new Search<Entry<T>>(head);
    search.gathered = new Set();
    search.run(this.#root, "", path, fold === null ? path : fold(path));
    if (head && search.gathered.has("GET")) search.gathered.add("HEAD");
    return [...search.gathered].sort();
  }
}
