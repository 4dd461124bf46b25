import type { Middleware, NoConverters } from "./handler.ts";
import { checkPrefix, type Includable, type NewRoute, type Place, Routes } from "./routes.ts";

/** What a router is made with. */
export interface RouterOptions<Prefix extends string = string> {
  /** Path below which all its routes are; "" by default. */
  readonly prefix?: Prefix;
  /** Around all its routes, as `use`. */
  readonly middleware?: readonly Middleware[];
  /** Who registers its routes, for errors. */
  readonly origin?: string;
}

/**
 * Routes for an application to `include`, as those of another file: with layers of their own, and no application before
 * they are included.
 */
export class Router<const Prefix extends string = ""> extends Routes<NoConverters, Prefix> implements Includable {
  readonly #origin: string | undefined;
  /** Its routes, as they were registered. */
  readonly #routes: NewRoute[] = [];
  /** The same below the prefix that it is included with, as they are registered above. */
  #served = new Map<NewRoute, NewRoute>();
  #prefix = "";
  #above: Place | null = null;

  protected override readonly place: Place = {
    layers: () => [...(this.#above?.layers() ?? []), this.layer],
    register: (routes) => this.#register(routes),
    unregister: (routes) => this.#unregister(routes),
    refold: () => this.#above?.refold(),
    changed: (undo) => this.#above?.changed(undo),
  };

  /** Throws a TypeError where the prefix or a middleware makes no sense. */
  constructor({ prefix, middleware = [], origin }: RouterOptions<Prefix> = {}) {
    super(prefix ?? "");
    this.#origin = origin;
    this.use(...middleware);
  }

  protected override get origin(): string | undefined {
    return this.#origin;
  }

  #register(routes: readonly NewRoute[]): void {
    this.#serve(routes);
    this.#routes.push(...routes);
  }

  /** Registers routes above, where there is something. */
  #serve(routes: readonly NewRoute[]): void {
    const above = this.#above;
    if (above === null) return;
    const served = routes.map((route) => ({
      ...route,
      pattern: `${this.#prefix}${route.pattern}`,
      prefix: `${this.#prefix}${route.prefix}`,
    }));
    above.register(served);
    for (const [index, route] of routes.entries()) this.#served.set(route, served[index]);
  }

  #unregister(routes: readonly NewRoute[]): void {
    const served = routes.map((route) => this.#served.get(route)).filter((route) => route !== undefined);
    this.#above?.unregister(served);
    for (const route of routes) {
      this.#served.delete(route);
      const index = this.#routes.indexOf(route);
      if (index >= 0) this.#routes.splice(index, 1);
    }
  }

  /** Has its routes served below a path; called by `include`. */
  attach(prefix: string, above: Place): void {
    checkPrefix(prefix);
    if (this.#above !== null) throw new TypeError("this router is included already");
    if (above.layers().includes(this.layer)) throw new TypeError("a router cannot be included in itself");
    this.#above = above;
    this.#prefix = prefix;
    try {
      this.#serve(this.#routes);
    } catch (error) {
      this.#above = null;
      throw error;
    }
    const served = this.#served;
    above.changed(() => {
      // Unless it was excluded by hand, and perhaps included elsewhere.
      if (this.#served === served) this.detach(above);
    });
  }

  /** Has its routes served no more; called by `exclude`. */
  detach(above: Place): void {
    if (this.#above !== above) throw new TypeError("this router is not included here");
    above.unregister([...this.#served.values()]);
    this.#served = new Map();
    this.#above = null;
  }
}
