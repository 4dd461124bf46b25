/** Which route serves a method and a path. Knows nothing of HTTP messages. */
import { kindsWith } from "./converters.ts";
import { namesOf, readHost } from "./hosts.ts";
import type { Pattern } from "./pattern.ts";
import { type Known, readPattern } from "./reader.ts";
import { INVALID, NONE, Table, type TableOptions } from "./table.ts";
import type { Found, PathRouterOptions, Query, Route, RouteDetails, RouteInit, SlashPolicy } from "./types.ts";
import { type Values, writePath, writeQuery } from "./url.ts";
import { type Fold, variantsOf } from "./variants.ts";

/** What a name stands for. */
interface Named {
  readonly route: Route<unknown>;
  readonly pattern: Pattern;
}

class Registered<T> implements Route<T> {
  readonly method: string;
  readonly pattern: string;
  readonly value: T;
  readonly name: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly #router: PathRouter<T>;

  /** Throws a TypeError where the host is none. */
  constructor(method: string, pattern: string, value: T, details: RouteDetails, router: PathRouter<T>) {
    this.method = method;
    this.pattern = pattern;
    this.value = value;
    this.name = details.name;
    this.host = details.host;
    this.origin = details.origin;
    this.#router = router;
    if (this.host !== undefined) this.host = readHost(this.host, this);
  }

  remove(): void {
    this.#router.replace([this], []);
  }

  /** As errors name it. */
  toString(): string {
    const { method, pattern, host = "", origin } = this;
    return `${method} ${host}${pattern}${origin === undefined ? "" : ` (${origin})`}`;
  }
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const SLASHES: readonly SlashPolicy[] = ["strict", "ignore", "redirect"];

function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The path that differs by a slash at its end; null where there is none. */
function toggleSlash(path: string): string | null {
  if (path === "/" || path.endsWith("//") || !path.startsWith("/")) return null;
  return path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
}

/**
 * Routes by method, path and host. Of several that match, the most specific is found, whatever the order in which they
 * were registered; `docs/routing.md` says how patterns are written and which is more specific.
 */
export class PathRouter<T> {
  readonly #known: Known;
  readonly #slashes: SlashPolicy;
  readonly #options: TableOptions;
  /** Routes of every host, and those of one alone. */
  readonly #common: Table<T>;
  readonly #hosts = new Map<string, Table<T>>();
  readonly #routes = new Set<Route<T>>();
  readonly #names = new Map<string, Named>();
  /** Methods that routes name, and how many do. */
  readonly #methods = new Map<string, number>();

  /** Throws a TypeError where a converter or an option makes no sense. */
  constructor({ converters, slashes = "strict", caseSensitive = true, head = true }: PathRouterOptions = {}) {
    if (!SLASHES.includes(slashes)) throw new TypeError(`slashes is one of ${SLASHES.join(", ")}, not ${slashes}`);
    this.#known = { kinds: kindsWith(converters), segments: new Map() };
    this.#slashes = slashes;
    const fold: Fold = caseSensitive ? null : foldCase;
    this.#options = { head, ignoreSlash: slashes === "ignore", foreign: converters !== undefined, fold };
    this.#common = new Table(this.#options);
  }

  /** The routes that are registered, in the order they were. */
  get routes(): Route<T>[] {
    return [...this.#routes];
  }

  /**
   * Registers a route. `method` is a method, or "*" for all of them.
   * @throws TypeError that names the route, where method, pattern, host or name make no sense or are taken
   */
  add(method: string, pattern: string, value: T, details: RouteDetails = {}): Route<T> {
    const route = new Registered(method, pattern, value, details, this);
    this.#put(route);
    this.#routes.add(route);
    return route;
  }

  /** Registers routes in one step: all of them, or none where one is refused. */
  addAll(routes: Iterable<RouteInit<T>>): Route<T>[] {
    const added: Route<T>[] = [];
    try {
      for (const init of [...routes]) {
        const route = new Registered(init.method, init.pattern, init.value, init, this);
        this.#put(route);
        added.push(route);
      }
    } catch (error) {
      for (const route of added) this.#take(route);
      throw error;
    }
    for (const route of added) this.#routes.add(route);
    return added;
  }

  /** Takes routes away and registers others in one step: where one is refused, all stays as it was. */
  replace(old: Iterable<Route<T>>, routes: Iterable<RouteInit<T>>): Route<T>[] {
    const inits = [...routes];
    const removed = [...new Set(old)].filter((route) => this.#routes.has(route));
    for (const route of removed) this.#take(route);
    try {
      const added = this.addAll(inits);
      for (const route of removed) this.#routes.delete(route);
      return added;
    } catch (error) {
      for (const route of removed) this.#put(route);
      throw error;
    }
  }

  /** Puts a route where it is found, in whole or not at all. Throws a TypeError where it makes no sense or is taken. */
  #put(route: Route<T>): void {
    const { method, name, host } = route;
    const count = this.#methods.get(method) ?? 0;
    if (count === 0 && !TOKEN.test(method)) {
      throw new TypeError(`${JSON.stringify(method)} of ${route} is no method`);
    }
    const pattern = readPattern(route.pattern, route, this.#known);
    const variants = variantsOf(pattern, route, this.#options.fold);
    const other = name === undefined ? undefined : this.#names.get(name);
    if (other) throw new TypeError(`the name ${JSON.stringify(name)} of ${route} is taken by ${other.route}`);
    const table = this.#tableFor(host);
    for (let index = 0; index < variants.length; ++index) {
      const taken = table.add(route, variants[index]);
      if (taken === undefined) continue;
      for (const added of variants.slice(0, index)) table.remove(route, added);
      const which = taken === route ? "itself: what may be missing is not told apart" : taken;
      throw new TypeError(`${route} is taken by ${which}`);
    }
    if (host !== undefined) this.#hosts.set(host, table);
    if (name !== undefined) this.#names.set(name, { route, pattern });
    this.#methods.set(method, count + 1);
  }

  /** Takes a route away from where it is found. */
  #take(route: Route<T>): void {
    const { method, name, host } = route;
    const table = this.#tableFor(host);
    // Read again: what was read of so many routes that stay is better not kept.
    const pattern = readPattern(route.pattern, route, this.#known);
    for (const variant of variantsOf(pattern, route, this.#options.fold)) table.remove(route, variant);
    if (host !== undefined && table.empty) this.#hosts.delete(host);
    if (name !== undefined) this.#names.delete(name);
    const others = (this.#methods.get(method) ?? 1) - 1;
    if (others > 0) this.#methods.set(method, others);
    else this.#methods.delete(method);
  }

  /** Whether any route serves one host alone, so that `find` looks at the host. */
  get usesHosts(): boolean {
    return this.#hosts.size > 0;
  }

  /** Whether any route is for this method by its name. */
  knows(method: string): boolean {
    return this.#methods.has(method);
  }

  #tableFor(host: string | undefined): Table<T> {
    if (host === undefined) return this.#common;
    return this.#hosts.get(host) ?? new Table<T>(this.#options);
  }

  /** Finds what serves a request; `path` is as it was sent, without query, and `host` as in the field of this name. */
  find(method: string, path: string, host?: string): Found<T> {
    const found = this.#find(method, path, host);
    if (this.#slashes === "strict" || found.kind === "found" || found.kind === "invalid") return found;
    const other = toggleSlash(path);
    if (other === null) return found;
    const second = this.#find(method, other, host);
    if (this.#slashes === "redirect") {
      // Browsers read "\" as "/", and what begins with two of them as another host.
      const location = other.replaceAll("\\", "%5C");
      return second.kind === "found" && found.kind === "none" ? { kind: "redirect", location } : found;
    }
    if (second.kind !== "method" || found.kind !== "method") return second.kind === "none" ? found : second;
    return { kind: "method", allowed: [...new Set([...found.allowed, ...second.allowed])].sort() };
  }

  #find(method: string, path: string, host: string | undefined): Found<T> {
    if (host === undefined || this.#hosts.size === 0) return this.#common.find(method, path);
    const allowed = new Set<string>();
    let invalid = false;
    for (const table of this.#tablesOf(host)) {
      const found = table.find(method, path);
      if (found.kind === "found") return found;
      if (found.kind === "method") for (const name of found.allowed) allowed.add(name);
      invalid ||= found.kind === "invalid";
    }
    if (invalid) return INVALID;
    return allowed.size > 0 ? { kind: "method", allowed: [...allowed].sort() } : NONE;
  }

  #tablesOf(host: string | undefined): Table<T>[] {
    const tables =
      host === undefined || this.#hosts.size === 0 ? [] : namesOf(host).map((name) => this.#hosts.get(name));
    return [...tables.filter((table) => table !== undefined), this.#common];
  }

  /**
   * The methods that a path has routes for, sorted; HEAD is among them where GET serves it, and "*" where a route
   * serves all. Empty where the path is unknown.
   */
  allowedMethods(path: string, host?: string): string[] {
    const other = this.#slashes === "ignore" ? toggleSlash(path) : null;
    const paths = other === null ? [path] : [path, other];
    const tables = this.#tablesOf(host);
    return [...new Set(paths.flatMap((each) => tables.flatMap((table) => table.allowed(each))))].sort();
  }

  /**
   * The path of a route that was registered with a name, its values percent-encoded.
   * @throws TypeError that says what is missing or wrong
   */
  url(name: string, params: Values = {}, { query }: { readonly query?: Query } = {}): string {
    const named = this.#names.get(name);
    if (!named) throw new TypeError(`no route is called ${JSON.stringify(name)}`);
    const { route, pattern } = named;
    return writePath(pattern, params, `${JSON.stringify(name)}, ${route}`) + (query ? writeQuery(query) : "");
  }
}
