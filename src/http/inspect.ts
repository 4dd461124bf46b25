/** What a request shows of itself, in JSON and where it is printed. */
import type { HttpRequest, Params } from "./request.ts";

/** A request as plain data. */
export interface RequestJSON {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly params: Params;
  /** Names are in lower case; what proves who somebody is, is not told. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Fields that let in whoever knows them: logs are read by many. */
const SECRET: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);
const HIDDEN = "…";

/** Name of the method that consoles have an object print itself with. */
export const INSPECT: symbol = Symbol.for("nodejs.util.inspect.custom");

/** The head of a request as plain data; throws where the request is over. */
export function requestJSON(request: HttpRequest): RequestJSON {
  const { method, path, query, params, headers } = request;
  const names = new Set(headers.entries().map(([name]) => name.toLowerCase()));
  const fields = [...names].map((name) => [name, SECRET.has(name) ? HIDDEN : (headers.get(name) ?? "")]);
  // Not one by one: a field may be called __proto__.
  return { method, path, query, params: { ...params }, headers: Object.fromEntries(fields) };
}

/** What a console prints of a request: its head, or that it is over. `inspect` prints what is within. */
export function inspectRequest(
  this: HttpRequest,
  depth: number | null,
  options: object,
  inspect: (value: unknown, options: object) => string,
): string {
  if (this.done) return "HttpRequest (answered)";
  if (depth !== null && depth < 0) return "[HttpRequest]";
  return `HttpRequest ${inspect(requestJSON(this), { ...options, depth })}`;
}
