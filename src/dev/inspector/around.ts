/** What stands around a route, by name. */
import type { Application, Layer, RouteInfo } from "../../app/index.ts";

/** One thing that stands around a route. */
export interface Surrounding {
  readonly kind: "middleware" | "error handler" | "request hook" | "response hook";
  readonly name: string;
}

/** Characters of a function that stand for its name, where it has none. */
const SOURCE_MAX = 60;

/** The name of a function, or else how it begins. */
export function nameOf(made: unknown): string {
  if (typeof made !== "function") return String(made);
  if (made.name !== "") return made.name;
  const source = Function.prototype.toString.call(made).replace(/\s+/g, " ");
  return source.length > SOURCE_MAX ? `${source.slice(0, SOURCE_MAX)}…` : source;
}

/** In the order in which a request meets them, as `compose` folds them. */
function inLayer({ catchers, onRequest, middleware, onResponse }: Layer): Surrounding[] {
  const all = (kind: Surrounding["kind"], made: readonly unknown[]) =>
    made.map((each) => ({ kind, name: nameOf(each) }));
  return [
    ...all("error handler", catchers),
    ...all("request hook", onRequest),
    ...all("middleware", middleware),
    ...all("response hook", onResponse),
  ];
}

/** What stands around a route, from the outside; with null what stands around the application. */
export function surroundingsOf(app: Application, route: RouteInfo | null): Surrounding[] {
  return app.layersAround(route).flatMap(inLayer);
}
