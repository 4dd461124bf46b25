/** The pages that an application has in development, loaded with the first request for one of them. */
import type { Application, Handler, Middleware } from "../app/index.ts";
import type { Inspected, Inspector } from "../dev/inspector.ts";
import type { Converters } from "../router/index.ts";

/** Where they are, and all that is below; `src/dev/tools.ts` serves it. */
const PAGES = ["/openapi", "/openapi.json", "/docs"];

function isPage(path: string): boolean {
  return PAGES.some((page) => path === page || path.startsWith(`${page}/`));
}

/**
 * Middleware around all of an application that serves its pages. They are no routes, so that none is in the way: one of
 * the application that is registered at such a path wins, one that merely matches it does not, nor do those for others
 * than GET and HEAD come here.
 */
export function developmentPages<C extends Converters>(app: Application<C>): Middleware {
  let loaded: Promise<Handler> | null = null;
  const load = async () => (await import("../dev/tools.ts")).developmentTools(app);
  return (next, route) => {
    // In whatever case: to some applications that is the same.
    if (route !== undefined && isPage(route.pattern.toLowerCase())) return next;
    return (request) => {
      const { method, path } = request;
      if (!isPage(path) || (method !== "GET" && method !== "HEAD")) return next(request);
      loaded ??= load();
      return loaded.then((serve) => serve(request));
    };
  };
}

/** The inspector in an application, from the start of its server on: what it shows it has to see from the beginning. */
export class Inspection {
  readonly #app: Inspected;
  #inspector: Inspector | null = null;

  constructor(app: Inspected) {
    this.#app = app;
  }

  /** Does nothing where the application has an inspector of its own, or NODE_ENV says that this is production. */
  async start(): Promise<void> {
    if (this.#inspector !== null || process.env.NODE_ENV === "production") return;
    if (this.#app.find("GET", "/_dev/").kind === "found") return;
    const { inspector } = await import("../dev/inspector.ts");
    this.#inspector = inspector(this.#app);
    this.#app.include(this.#inspector);
  }
}
