import { described, type Middleware } from "./handler.ts";

/**
 * Grants the content of requests no more than so many bytes; beyond it 413, before the handler is called where
 * Content-Length tells. Of several limits the smallest counts: more than the server grants (`maxBodySize`) only a route
 * can grant. Throws a RangeError for what is no number of bytes.
 */
export function bodyLimit(maxBodySize: number): Middleware {
  if (typeof maxBodySize !== "number" || !(maxBodySize >= 0)) {
    throw new RangeError(`maxBodySize must be a number of at least 0, not ${maxBodySize}`);
  }
  const middleware: Middleware = (next) => (request) => {
    request.limitBody(maxBodySize);
    return next(request);
  };
  return described(middleware, "bodyLimit", { maxBodySize });
}
