/** Which route serves a method and a path. Knows nothing of HTTP messages. */
import { type Kind, kindsWith } from "./converters.ts";
import { namesOf, readHost } from "./hosts.ts";
import { type Pattern, readPattern } from "./pattern.ts";
import { type Entry, INVALID, NONE, Table, type TableOptions } from "./table.ts";
import type { Found, PathRouterOptions, Query, Route, RouteDetails, RouteInit, SlashPolicy } from "./types.ts";
import { type Values, writePath, writeQuery } from "./url.ts";
import { type Variant, variantsOf } from "./variants.ts";

/** A route that is read, and not yet registered. */
interface Plan<T> {
  readonly route: Route<T>;
  readonly label: string;
  readonly pattern: Pattern;
  readonly variants: readonly Variant<Entry<T>>[];
}

class Registered<T> implements Route<T> {
  readonly method: string;
  readonly pattern: string;
  readonly value: T;
  readonly name: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly #router: PathRouter<T>;

  constructor(init: RouteInit<T>, host: string | undefined, router: PathRouter<T>) {
    this.method = init.method;
    this.pattern = init.pattern;
    this.value = init.value;
    this.name = init.name;
    this.host = host;
    this.origin = init.origin;
    this.#router = router;
  }

  remove(): void {
    this.#router.replace([this], []);
  }
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const SLASHES: readonly SlashPolicy[] = ["strict", "ignore", "redirect"];

function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function asItIs(text: string): string {
  return text;
}

function labelOf({ method, pattern, host = "", origin }: RouteInit<unknown>): string {
  return `${method} ${host}${pattern}${origin === undefined ? "" : ` (${origin})`}`;
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
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #slashes: SlashPolicy;
  readonly #options: TableOptions;
  /** Routes of every host, and those of one alone. */
  readonly #common: Table<T>;
  readonly #hosts = new Map<string, Table<T>>();
  readonly #routes = new Set<Route<T>>();
  readonly #names = new Map<string, Plan<T>>();
  /** Methods that routes name, and how many do. */
  readonly #methods = new Map<string, number>();

  /** Throws a TypeError where a converter or an option makes no sense. */
  constructor({ converters, slashes = "strict", caseSensitive = true, head = true }: PathRouterOptions = {}) {
    if (!SLASHES.includes(slashes)) throw new TypeError(`slashes is one of ${SLASHES.join(", ")}, not ${slashes}`);
    this.#kinds = kindsWith(converters);
    this.#slashes = slashes;
    const fold = caseSensitive ? null : foldCase;
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
    const plan = this.#plan({ ...details, method, pattern, value });
    this.#put(plan);
    return plan.route;
  }

  /** Registers routes in one step: all of them, or none where one is refused. */
  addAll(routes: Iterable<RouteInit<T>>): Route<T>[] {
    return this.replace([], routes);
  }

  /** Takes routes away and registers others in one step: where one is refused, all stays as it was. */
  replace(old: Iterable<Route<T>>, routes: Iterable<RouteInit<T>>): Route<T>[] {
    const plans = [...routes].map((init) => this.#plan(init));
    const removed = [...new Set(old)]
      .filter((route) => this.#routes.has(route))
      .map((route) => this.#plan(route, route));
    const added: Plan<T>[] = [];
    for (const plan of removed) this.#take(plan);
    try {
      for (const plan of plans) {
        this.#put(plan);
        added.push(plan);
      }
    } catch (error) {
      for (const plan of added) this.#take(plan);
      for (const plan of removed) this.#put(plan);
      throw error;
    }
    return plans.map(({ route }) => route);
  }

  /** Reads a route: a new one, or one that is registered. */
  #plan(init: RouteInit<T>, registered?: Route<T>): Plan<T> {
    const label = labelOf(init);
    if (!TOKEN.test(init.method)) throw new TypeError(`${JSON.stringify(init.method)} of ${label} is no method`);
    const pattern = readPattern(init.pattern, label, this.#kinds);
    const host = init.host === undefined ? undefined : readHost(init.host, label);
    const variants = variantsOf<Entry<T>>(pattern, label, this.#options.fold ?? asItIs);
    return { route: registered ?? new Registered(init, host, this), label, pattern, variants };
  }

  /** Registers what was read, in whole or not at all. */
  #put(plan: Plan<T>): void {
    const { route, label, variants } = plan;
    const { name, host } = route;
    const other = name === undefined ? undefined : this.#names.get(name);
    if (other) throw new TypeError(`the name ${JSON.stringify(name)} of ${label} is taken by ${other.label}`);
    const table = this.#tableFor(host);
    for (const [index, variant] of variants.entries()) {
      const taken = table.taken(route.method, variant.steps);
      if (taken) {
        for (const added of variants.slice(0, index)) table.remove(route, added);
        const which = taken === route ? "itself: what may be missing is not told apart" : labelOf(taken);
        throw new TypeError(`${label} is taken by ${which}`);
      }
      table.add(route, variant);
    }
    if (host !== undefined) this.#hosts.set(host, table);
    if (name !== undefined) this.#names.set(name, plan);
    this.#routes.add(route);
    this.#methods.set(route.method, (this.#methods.get(route.method) ?? 0) + 1);
  }

  #take({ route, variants }: Plan<T>): void {
    const table = this.#tableFor(route.host);
    for (const variant of variants) table.remove(route, variant);
    if (route.host !== undefined && table.empty) this.#hosts.delete(route.host);
    if (route.name !== undefined) this.#names.delete(route.name);
    this.#routes.delete(route);
    const others = (this.#methods.get(route.method) ?? 1) - 1;
    if (others > 0) this.#methods.set(route.method, others);
    else this.#methods.delete(route.method);
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
    const plan = this.#names.get(name);
    if (!plan) throw new TypeError(`no route is called ${JSON.stringify(name)}`);
    const where = `${JSON.stringify(name)}, ${plan.label}`;
    return writePath(plan.pattern, params, where) + (query ? writeQuery(query) : "");
  }
}
