/** Which handler serves a method and a path. Knows nothing of HTTP messages. */

/** A place in the tree of path segments. */
interface Node<T> {
  /** Next segment as it stands in the pattern → node. */
  readonly fixed: Map<string, Node<T>>;
  /** Node for any segment that `fixed` does not lead on with. */
  any: Node<T> | null;
  /** What is registered here, by method. */
  readonly routes: Map<string, Route<T>>;
}

interface Route<T> {
  readonly value: T;
  readonly pattern: string;
  /** Names of the parameters, in the order of the path. */
  readonly names: readonly string[];
}

/** What `find` gives. */
export type Found<T> =
  | { readonly kind: "found"; readonly value: T; readonly params: Readonly<Record<string, string>> | null }
  /** The path is known, but not for this method. */
  | { readonly kind: "method"; readonly allowed: readonly string[] }
  | { readonly kind: "none" }
  /** A segment that a parameter would take is not valid percent-encoded UTF-8. */
  | { readonly kind: "invalid" };

const NONE: Found<never> = { kind: "none" };
const INVALID: Found<never> = { kind: "invalid" };

function newNode<T>(): Node<T> {
  return { fixed: new Map(), any: null, routes: new Map() };
}

const PARAMETER = /^\{([A-Za-z_]\w*)\}$/;

/** Decodes one segment; null where it is not valid. */
function decode(segment: string): string | null {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/**
 * Routes by method and path. A pattern is a path whose segments are fixed text or `{name}`; a fixed segment is
 * preferred to a parameter, and where it leads nowhere the parameter is tried.
 */
export class Router<T> {
  readonly #root: Node<T> = newNode();
  /** Routes without parameters: path → method → what is found. */
  readonly #fixed = new Map<string, Map<string, Found<T>>>();
  readonly #methods = new Set<string>();

  /** Whether any route is for this method by its name. */
  knows(method: string): boolean {
    return this.#methods.has(method);
  }

  /** Throws where the pattern is not valid or the route is taken. `method` is a method, or "*" for all of them. */
  add(method: string, pattern: string, value: T): void {
    if (!pattern.startsWith("/")) throw new TypeError(`a path begins with "/", not like ${JSON.stringify(pattern)}`);
    // RFC 3986 §3.3: anything else comes percent-encoded, or is no part of a path, and would never match.
    const wrong = /[^!$-;=@-Z_a-z{}~]|%(?![\dA-Fa-f]{2})/.exec(pattern)?.[0];
    if (wrong) throw new TypeError(`${JSON.stringify(wrong)} in ${JSON.stringify(pattern)} must be percent-encoded`);
    const names: string[] = [];
    let node = this.#root;
    for (const segment of pattern.slice(1).split("/")) {
      if (!/[{}]/.test(segment)) {
        const next = node.fixed.get(segment) ?? newNode();
        node.fixed.set(segment, next);
        node = next;
        continue;
      }
      const name = PARAMETER.exec(segment)?.[1];
      if (name === undefined) throw new TypeError(`${JSON.stringify(segment)} in ${pattern} is no {name}`);
      if (names.includes(name)) throw new TypeError(`${pattern} has {${name}} twice`);
      names.push(name);
      node.any ??= newNode();
      node = node.any;
    }
    const taken = node.routes.get(method);
    if (taken) throw new TypeError(`${method} ${pattern} is taken by ${method} ${taken.pattern}`);
    node.routes.set(method, { value, pattern, names });
    this.#methods.add(method);
    if (names.length === 0) {
      const methods = this.#fixed.get(pattern) ?? new Map<string, Found<T>>();
      this.#fixed.set(pattern, methods);
      methods.set(method, { kind: "found", value, params: null });
    }
  }

  /** Finds what serves a request; HEAD is served by GET where it has no route of its own (RFC 9110 §9.3.2). */
  find(method: string, path: string): Found<T> {
    const methods = this.#fixed.get(path);
    const found = methods && (methods.get(method) ?? (method === "HEAD" ? methods.get("GET") : undefined));
    return found ?? this.#search(method, path);
  }

  #search(method: string, path: string): Found<T> {
    const segments = path.slice(1).split("/");
    const allowed = new Set<string>();
    const values: string[] = [];
    const walk = (node: Node<T>, depth: number): Route<T> | null => {
      if (depth === segments.length) {
        const route =
          node.routes.get(method) ?? (method === "HEAD" ? node.routes.get("GET") : undefined) ?? node.routes.get("*");
        if (route) return route;
        for (const name of node.routes.keys()) allowed.add(name);
        return null;
      }
      const segment = segments[depth];
      const next = node.fixed.get(segment);
      const route = next ? walk(next, depth + 1) : null;
      if (route || node.any === null || segment === "") return route;
      values.push(segment);
      const other = walk(node.any, depth + 1);
      if (!other) values.pop();
      return other;
    };
    const route = path.startsWith("/") ? walk(this.#root, 0) : null;
    if (!route) {
      if (allowed.size === 0) return NONE;
      if (allowed.has("GET")) allowed.add("HEAD");
      return { kind: "method", allowed: [...allowed].sort() };
    }
    const params: Record<string, string> = Object.create(null);
    for (const [index, name] of route.names.entries()) {
      const value = decode(values[index]);
      if (value === null) return INVALID;
      params[name] = value;
    }
    return { kind: "found", value: route.value, params };
  }
}
