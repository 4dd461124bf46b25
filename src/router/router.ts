/** Which route serves a method and a path. Knows nothing of HTTP messages. */
import { type Kind, kindsWith } from "./converters.ts";
import { namesOf, readHost } from "./hosts.ts";
import { type Pattern, readPattern } from "./pattern.ts";
import { type Entry, entryOf, INVALID, NONE, Table, type TableOptions } from "./table.ts";
import type { Found, Query, Route, RouteDetails, RouteInit, RouterOptions, SlashPolicy } from "./types.ts";
import { type Values, writePath, writeQuery } from "./url.ts";
import { variantsOf } from "./variants.ts";

/** A route that is read, and not yet registered. */
interface Plan<T> {
  readonly init: RouteInit<T>;
  readonly label: string;
  readonly host: string | undefined;
  readonly pattern: Pattern;
  readonly entries: readonly Entry<T>[];
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const SLASHES: readonly SlashPolicy[] = ["strict", "ignore", "redirect"];

function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
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
export class Router<T> {
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #slashes: SlashPolicy;
  readonly #options: TableOptions;
  /** Routes of every host, and those of one alone. */
  readonly #common: Table<T>;
  readonly #hosts = new Map<string, Table<T>>();
  readonly #plans = new Map<Route<T>, Plan<T>>();
  readonly #names = new Map<string, Plan<T>>();

  /** Throws a TypeError where a converter or an option makes no sense. */
  constructor({ converters, slashes = "strict", caseSensitive = true, head = true }: RouterOptions = {}) {
    if (!SLASHES.includes(slashes)) throw new TypeError(`slashes is one of ${SLASHES.join(", ")}, not ${slashes}`);
    this.#kinds = kindsWith(converters);
    this.#slashes = slashes;
    const fold = caseSensitive ? null : foldCase;
    this.#options = { head, ignoreSlash: slashes === "ignore", foreign: converters !== undefined, fold };
    this.#common = new Table(this.#options);
  }

  /** The routes that are registered, in the order they were. */
  get routes(): Route<T>[] {
    return [...this.#plans.keys()];
  }

  /**
   * Registers a route. `method` is a method, or "*" for all of them.
   * @throws TypeError that names the route, where method, pattern, host or name make no sense or are taken
   */
  add(method: string, pattern: string, value: T, details: RouteDetails = {}): Route<T> {
    return this.addAll([{ ...details, method, pattern, value }])[0];
  }

  /** Registers routes in one step: all of them, or none where one is refused. */
  addAll(routes: Iterable<RouteInit<T>>): Route<T>[] {
    return this.replace([], routes);
  }

  /** Takes routes away and registers others in one step: where one is refused, all stays as it was. */
  replace(old: Iterable<Route<T>>, routes: Iterable<RouteInit<T>>): Route<T>[] {
    const plans = [...routes].map((init) => this.#plan(init));
    const removed = [...old].flatMap((route) => {
      const plan = this.#plans.get(route);
      return plan ? [[route, plan] as const] : [];
    });
    const added: Plan<T>[] = [];
    for (const [, plan] of removed) this.#take(plan);
    try {
      for (const plan of plans) {
        this.#put(plan);
        added.push(plan);
      }
    } catch (error) {
      for (const plan of added) this.#take(plan);
      for (const [, plan] of removed) this.#put(plan);
      throw error;
    }
    for (const [route] of removed) this.#plans.delete(route);
    return added.map((plan) => this.#handle(plan));
  }

  #plan(init: RouteInit<T>): Plan<T> {
    const label = labelOf(init);
    if (!TOKEN.test(init.method)) throw new TypeError(`${JSON.stringify(init.method)} of ${label} is no method`);
    const pattern = readPattern(init.pattern, label, this.#kinds);
    const host = init.host === undefined ? undefined : readHost(init.host, label);
    const variants = variantsOf<Entry<T>>(pattern, label, this.#options.fold ?? ((text) => text));
    const entries = variants.map((variant) => entryOf(init.method, init.value, label, variant));
    return { init, label, host, pattern, entries };
  }

  #handle(plan: Plan<T>): Route<T> {
    const remove = () => {
      if (this.#plans.delete(route)) this.#take(plan);
    };
    const route: Route<T> = Object.freeze({ ...plan.init, remove });
    this.#plans.set(route, plan);
    return route;
  }

  #put(plan: Plan<T>): void {
    const { name } = plan.init;
    const other = name === undefined ? undefined : this.#names.get(name);
    if (other) throw new TypeError(`the name ${JSON.stringify(name)} of ${plan.label} is taken by ${other.label}`);
    const table = this.#tableFor(plan.host);
    const added: Entry<T>[] = [];
    try {
      for (const entry of plan.entries) {
        table.add(entry);
        added.push(entry);
      }
    } catch (error) {
      for (const entry of added) table.remove(entry);
      this.#drop(plan.host, table);
      throw error;
    }
    if (name !== undefined) this.#names.set(name, plan);
  }

  #take(plan: Plan<T>): void {
    const table = this.#tableFor(plan.host);
    for (const entry of plan.entries) table.remove(entry);
    this.#drop(plan.host, table);
    if (plan.init.name !== undefined) this.#names.delete(plan.init.name);
  }

  #tableFor(host: string | undefined): Table<T> {
    if (host === undefined) return this.#common;
    const table = this.#hosts.get(host) ?? new Table<T>(this.#options);
    this.#hosts.set(host, table);
    return table;
  }

  #drop(host: string | undefined, table: Table<T>): void {
    if (host !== undefined && table.empty) this.#hosts.delete(host);
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
