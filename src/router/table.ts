/** The routes of one host. */
import type { Parameter, Part } from "./pattern.ts";
import { type Methodical, pick, Search } from "./search.ts";
import { grow, Node, prune, reach } from "./tree.ts";
import type { Found, ParamValues, Route } from "./types.ts";
import { defaultOf, type Fold, type Variant } from "./variants.ts";

/** A route at its place. */
export interface Entry<T> extends Methodical {
  readonly route: Route<T>;
  readonly value: T;
  readonly names: readonly string[];
  readonly missing: readonly Parameter[];
  /** What was found before, where it is the same every time. */
  found: Found<T> | null;
}

/** How a table reads paths. */
export interface TableOptions {
  readonly head: boolean;
  readonly ignoreSlash: boolean;
  /** Whether code of others runs in a search, which may search itself. */
  readonly foreign: boolean;
  /** Fixed text as it is compared; null where it is compared as it is. */
  readonly fold: Fold;
}

export const NONE: Found<never> = { kind: "none" };
export const INVALID: Found<never> = { kind: "invalid" };

/** Makes objects that inherit nothing; unlike those of `Object.create(null)` they are not dictionaries to the engine. */
const Params = function Params() {} as unknown as new () => Record<string, unknown>;
Params.prototype = Object.freeze(Object.create(null));

function paramsOf({ names, missing }: Entry<unknown>, values: readonly unknown[]): ParamValues | null {
  if (names.length + missing.length === 0) return null;
  const params = new Params();
  for (let index = 0; index < names.length; ++index) params[names[index]] = values[index];
  for (let index = 0; index < missing.length; ++index) params[missing[index].name] = defaultOf(missing[index]);
  return params;
}

/** A default that is an object, such as a Date, is made anew for each request: one could change it. */
function isSteady({ names, missing }: Entry<unknown>): boolean {
  return names.length === 0 && missing.every((parameter) => typeof defaultOf(parameter) !== "object");
}

function toggleSlash(text: string): string {
  return text.endsWith("/") ? text.slice(0, -1) : `${text}/`;
}

/** The steps that differ by a slash at the end. */
function toggled(steps: readonly Part[]): Part[] {
  const last = steps[steps.length - 1];
  if (typeof last !== "string") return [...steps, "/"];
  const other = toggleSlash(last);
  return other === "" ? steps.slice(0, -1) : [...steps.slice(0, -1), other];
}

/** The entry of a method by its name. */
function ofMethod<T>(entries: readonly Entry<T>[] | null | undefined, method: string): Entry<T> | undefined {
  for (const entry of entries ?? []) if (entry.method === method) return entry;
  return undefined;
}

/** The entries of a place with one more for a route. */
function withRoute<T>(entries: Entry<T>[] | null, route: Route<T>, { names, missing }: Variant): Entry<T>[] {
  const { method, value } = route;
  const entry: Entry<T> = { method, route, value, names, missing, found: null };
  // An array that is pushed to or spread has room for 17, and most places have few entries.
  return entries === null ? [entry] : entries.concat(entry);
}

/** The entries of a place without that of a route; null where none is left. */
function withoutRoute<T>(entries: readonly Entry<T>[], route: Route<T>): Entry<T>[] | null {
  const others = entries.filter((entry) => entry.route !== route);
  return others.length > 0 ? others : null;
}

/** Entries of the sieve that most paths with parameters do not pass, a power of two. */
const SIEVE = 4096;

/**
 * A number of a path, of its length and last character. It costs less than the hash that the map would have the engine
 * make of every path that comes with a request: 12 % of a look-up of a path with parameters.
 */
function sift(path: string): number {
  const { length } = path;
  return ((length & 63) << 6) | (path.charCodeAt(length - 1) & 63);
}

/** Routes by method and path. */
export class Table<T> {
  /** Entries of paths without parameters, which are in no tree: they come before all others. */
  readonly #fixed = new Map<string, Entry<T>[]>();
  /** Which numbers those paths have; numbers of those that were taken away stay. */
  readonly #known = new Uint8Array(SIEVE);
  /** Entries of paths with parameters. */
  readonly #root = new Node<Entry<T>>("");
  /** Whether a parameter of several kinds is or was there. */
  #unions = false;
  readonly #head: boolean;
  readonly #ignoreSlash: boolean;
  readonly #fold: Fold;
  /** What all searches are made with; null where each needs one of its own. */
  readonly #search: Search<Entry<T>> | null;

  constructor({ head, ignoreSlash, foreign, fold }: TableOptions) {
    this.#head = head;
    this.#ignoreSlash = ignoreSlash;
    this.#fold = fold;
    this.#search = foreign ? null : new Search(head);
  }

  get empty(): boolean {
    return this.#root.empty && this.#fixed.size === 0;
  }

  /** Adds a route; gives the one that has its place, where there is one, and is then as it was. */
  add(route: Route<T>, variant: Variant): Route<T> | undefined {
    const { steps, names } = variant;
    return names.length === 0 ? this.#addFixed(route, variant, steps[0] as string) : this.#addGrown(route, variant);
  }

  #addFixed(route: Route<T>, variant: Variant, path: string): Route<T> | undefined {
    const { method } = route;
    const there = this.#fixed.get(path);
    let taken = ofMethod(there, method);
    if (this.#ignoreSlash && path !== "/") taken ??= ofMethod(this.#fixed.get(toggleSlash(path)), method);
    if (taken) return taken.route;
    this.#fixed.set(path, withRoute(there ?? null, route, variant));
    this.#known[sift(path)] = 1;
    return undefined;
  }

  #addGrown(route: Route<T>, variant: Variant): Route<T> | undefined {
    const { steps, unions } = variant;
    const node = grow(this.#root, steps);
    // Only what has several kinds takes the same as another edge.
    this.#unions ||= unions;
    const nodes = this.#unions ? reach(this.#root, steps) : [node];
    if (this.#ignoreSlash) nodes.push(...reach(this.#root, toggled(steps)));
    for (const { entries } of nodes) {
      const taken = ofMethod(entries, route.method);
      if (!taken) continue;
      prune(this.#root, steps);
      return taken.route;
    }
    node.entries = withRoute(node.entries, route, variant);
    return undefined;
  }

  remove(route: Route<T>, { steps, names }: Variant): void {
    if (names.length > 0) {
      const node = grow(this.#root, steps);
      node.entries = withoutRoute(node.entries ?? [], route);
      if (node.entries === null) prune(this.#root, steps);
      return;
    }
    const path = steps[0] as string;
    const others = withoutRoute(this.#fixed.get(path) ?? [], route);
    if (others === null) this.#fixed.delete(path);
    else this.#fixed.set(path, others);
  }

  find(method: string, path: string): Found<T> {
    const folded = this.#fold === null ? path : this.#fold(path);
    const fixed = this.#known[sift(folded)] === 1 ? this.#fixed.get(folded) : undefined;
    if (fixed !== undefined) {
      const entry = pick(fixed, method, this.#head);
      if (entry !== null) return entry.found ?? this.#found(entry, []);
    }
    const search = this.#search ?? new Search<Entry<T>>(this.#head);
    const entry = search.run(this.#root, method, path, folded);
    if (entry !== null) return this.#found(entry, search.values);
    if (search.invalid) return INVALID;
    return search.other || fixed !== undefined ? { kind: "method", allowed: this.allowed(path) } : NONE;
  }

  #found(entry: Entry<T>, values: readonly unknown[]): Found<T> {
    const params = paramsOf(entry, values);
    const found: Found<T> = { kind: "found", value: entry.value, params };
    if (entry.names.length > 0 || !isSteady(entry)) return found;
    Object.freeze(params);
    entry.found = found;
    return found;
  }

  /** Methods that a path has routes for, sorted. */
  allowed(path: string): string[] {
    const folded = this.#fold === null ? path : this.#fold(path);
    const search = new Search<Entry<T>>(this.#head);
    const methods = new Set(this.#fixed.get(folded)?.map((entry) => entry.method));
    search.gathered = methods;
    search.run(this.#root, "", path, folded);
    if (this.#head && methods.has("GET")) methods.add("HEAD");
    return [...methods].sort();
  }
}
