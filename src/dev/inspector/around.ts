/** What stands around a route, by name. */
import { type Application, type Layer, nameOf, type RouteInfo } from "../../app/index.ts";

/** One thing that stands around a route. */
export interface Surrounding {
  readonly kind: "middleware" | "error handler" | "request hook" | "response hook";
  readonly name: string;
}

/** In the order in which a request meets them, as `compose` folds them. */
function inLayer({ catchers, onRequest, middleware, onResponse }: Layer): Surrounding[] {
  const all = (kind: Surrounding["kind"], made: readonly object[]) =>
    made.map((each) => ({ kind, name: nameOf(each) })).filter(({ name }) => name !== "");
  return [
    ...all("error handler", catchers),
    ...all("request hook", onRequest),
    ...all("middleware", middleware),
    ...all("response hook", onResponse),
  ];
}

/** What stands around a route, from the outside; with null what stands around the application. */
export function surroundingsOf(app: Application, route: RouteInfo | null): Surrounding[] {
  return app.layersOf(route ?? undefined).flatMap(inLayer);
}
