/** What caches are told of responses (RFC 9111 §5.2.2, RFC 8246, RFC 5861). */
import { isPromise } from "../app/handler.ts";
import { described, type Middleware } from "../app/index.ts";
import { type Answer, type HttpResponse, isToken, toResponse } from "../http/index.ts";

/** Directives of Cache-Control in a response. Those that take seconds take whole ones. */
export interface CacheControlOptions {
  /** Seconds for which the answer is fresh. */
  readonly maxAge?: number;
  /** The same for caches that many share. */
  readonly sMaxAge?: number;
  /** Not to be used without asking; or only without these fields. */
  readonly noCache?: boolean | readonly string[];
  /** Not to be kept. */
  readonly noStore?: boolean;
  /** Not to be changed on its way. */
  readonly noTransform?: boolean;
  /** Not to be used any more once it is stale, whatever happens. */
  readonly mustRevalidate?: boolean;
  /** The same for caches that many share. */
  readonly proxyRevalidate?: boolean;
  /** To be kept only by who knows what its status asks of caches. */
  readonly mustUnderstand?: boolean;
  /** For one user alone; or only these fields are. */
  readonly private?: boolean | readonly string[];
  /** For everybody, also where the request was authorized. */
  readonly public?: boolean;
  /** Does not change while it is fresh: not to be asked for anew even where a user reloads (RFC 8246). */
  readonly immutable?: boolean;
  /** Seconds for which it may be used once it is stale, while it is asked for anew (RFC 5861 §3). */
  readonly staleWhileRevalidate?: number;
  /** Seconds for which it may be used once it is stale, where asking fails (RFC 5861 §4). */
  readonly staleIfError?: number;
}

type Name = keyof CacheControlOptions;
type Kind = "seconds" | "flag" | "fields";

/** The directives as they are written, in the order they are. */
const DIRECTIVES: Readonly<Record<Name, readonly [token: string, kind: Kind]>> = {
  public: ["public", "flag"],
  private: ["private", "fields"],
  noCache: ["no-cache", "fields"],
  noStore: ["no-store", "flag"],
  maxAge: ["max-age", "seconds"],
  sMaxAge: ["s-maxage", "seconds"],
  mustRevalidate: ["must-revalidate", "flag"],
  proxyRevalidate: ["proxy-revalidate", "flag"],
  mustUnderstand: ["must-understand", "flag"],
  noTransform: ["no-transform", "flag"],
  immutable: ["immutable", "flag"],
  staleWhileRevalidate: ["stale-while-revalidate", "seconds"],
  staleIfError: ["stale-if-error", "seconds"],
};

/** What a recipient may take a larger number for (RFC 9111 §1.2.2). */
const MAX_SECONDS = 2 ** 31;

/**
 * Directives that contradict others: what the first says leaves the others no meaning. `must-understand` stands beside
 * `no-store` for those who do not know it, and then the others are for those who do (RFC 9111 §5.2.2.3).
 */
const CONTRADICTIONS: readonly (readonly [name: Name, others: readonly Name[]])[] = [
  ["private", ["public", "sMaxAge", "proxyRevalidate"]],
  ["noStore", ["public", "maxAge", "sMaxAge", "immutable", "staleWhileRevalidate", "staleIfError"]],
  ["noCache", ["immutable", "staleWhileRevalidate", "staleIfError"]],
  ["mustRevalidate", ["staleWhileRevalidate", "staleIfError"]],
];

/** How a directive is written; null where it is switched off. Throws a TypeError or RangeError that names it. */
function write(name: Name, value: unknown): string | null {
  const [token, kind] = DIRECTIVES[name];
  if (kind === "seconds") {
    if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_SECONDS)
      return `${token}=${value}`;
    throw new RangeError(`${name} must be a whole number of seconds from 0 to ${MAX_SECONDS}, not ${value}`);
  }
  if (typeof value === "boolean") return value ? token : null;
  if (kind === "fields" && Array.isArray(value) && value.length > 0 && value.every(isFieldName)) {
    return `${token}="${value.join(", ")}"`;
  }
  throw new TypeError(`${name} must be ${kind === "fields" ? "true, or a list of field names" : "true or false"}`);
}

function isFieldName(name: unknown): boolean {
  return typeof name === "string" && isToken(name);
}

/** Throws a TypeError where directives contradict one another. With names of fields, one is about those alone. */
function checkTogether(options: CacheControlOptions): void {
  // To be fresh for no time contradicts nothing.
  const says = (name: Name) => !([undefined, false, 0] as unknown[]).includes(options[name]);
  for (const [name, others] of CONTRADICTIONS) {
    if (options[name] !== true || (name === "noStore" && says("mustUnderstand"))) continue;
    for (const other of others) {
      if (says(other)) throw new TypeError(`${name} and ${other} contradict each other`);
    }
  }
  if (says("immutable") && !says("maxAge") && !says("sMaxAge")) {
    throw new TypeError("immutable says something only while an answer is fresh: give it a maxAge");
  }
  if (says("mustUnderstand") && !says("noStore")) {
    throw new TypeError("mustUnderstand is to be given with noStore, for those who do not know it");
  }
}

/**
 * The value of Cache-Control. Throws a TypeError or RangeError for a directive that is none, that makes no sense, or that
 * contradicts another, and where nothing is said.
 */
export function cacheControlValue(options: CacheControlOptions): string {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DIRECTIVES, name)) throw new TypeError(`there is no directive ${name}`);
  }
  const written = (Object.keys(DIRECTIVES) as Name[])
    .map((name) => (options[name] === undefined ? null : write(name, options[name])))
    .filter((directive) => directive !== null);
  checkTogether(options);
  if (written.length === 0) throw new TypeError("Cache-Control says nothing");
  return written.join(", ");
}

/**
 * Has answers say `Cache-Control` that do not say it themselves. Errors are left alone: what is thrown passes middleware
 * by, and answers of a status from 400 are none to keep. Throws as `cacheControlValue`.
 */
export function cacheControl(options: CacheControlOptions): Middleware {
  const value = cacheControlValue(options);
  const add = (answer: Answer): HttpResponse => {
    const response = toResponse(answer);
    if (response.status < 400 && !response.fields?.has("Cache-Control")) response.headers.set("Cache-Control", value);
    return response;
  };
  const middleware: Middleware = (next) => (request) => {
    const answer = next(request);
    return isPromise(answer) ? Promise.resolve(answer).then(add) : add(answer);
  };
  return described(middleware, "cacheControl", options);
}
