/** Answers of handlers, from the cache or into it. */
import { described, type Handler, isPromise, type Middleware } from "../../app/handler.ts";
import { discardContent } from "../../h1/index.ts";
import {
  type Answer,
  type BodyStream,
  type HttpRequest,
  type HttpResponse,
  OwnResponse,
  toResponse,
} from "../../http/index.ts";
import { copyContent, fieldSet, giveAnswer, isShared, type KeptAnswer, keepAnswer, noteContent } from "./answers.ts";
import type { Entries, Entry, Flight, Times, Versions } from "./entries.ts";
import { requestKeys } from "./keys.ts";
import { type CachedOptions, checkCached, milliseconds } from "./options.ts";

/** A handler whose answers are cached. */
export interface CachedHandler extends Handler {
  /** The handler as it was. */
  readonly uncached: Handler;
}

/** Has answers of a route, or of many, cached. */
export interface CachedMiddleware extends Middleware {
  (next: Handler): CachedHandler;
  /** Seconds for which an answer is fresh; may be set. */
  cacheTimeout: number;
  /** What the answer to a request is kept by. */
  makeCacheKey(request: HttpRequest): string;
}

/** What a route is given by its cache. */
export interface RouteContext {
  readonly entries: Entries;
  readonly now: () => number;
  readonly timeout: number;
  readonly staleWhileRevalidate: number;
  readonly maxEntrySize: number;
}

const NO_TAGS: readonly string[] = [];

class CachedRoute {
  readonly #context: RouteContext;
  readonly #options: CachedOptions;
  readonly #methods: ReadonlySet<string>;
  readonly #statuses: readonly number[];
  readonly #vary: ReadonlySet<string>;
  readonly #authorized: boolean;
  readonly keyOf: (request: HttpRequest) => string;
  times: Times;

  constructor(context: RouteContext, options: CachedOptions, times: Times) {
    const { methods = ["GET"], statuses = [200], vary = [] } = options;
    this.#context = context;
    this.#options = options;
    this.#methods = new Set(methods.includes("GET") ? [...methods, "HEAD"] : methods);
    this.#statuses = statuses;
    this.#vary = fieldSet(vary);
    this.#authorized = options.authorized ?? this.#vary.has("authorization");
    this.keyOf = requestKeys(options);
    this.times = times;
  }

  serve(request: HttpRequest, next: Handler): Answer | Promise<Answer> {
    if (!this.#concerns(request)) return next(request);
    const key = this.keyOf(request);
    if (this.#options.forcedUpdate?.(request)) return this.#make(key, request, next);
    const found = this.#context.entries.find(key);
    if (isPromise(found)) return found.then((entry) => this.#answer(entry, key, request, next));
    return this.#answer(found, key, request, next);
  }

  #concerns(request: HttpRequest): boolean {
    const { headers } = request;
    if (!this.#methods.has(request.method) || this.#options.unless?.(request)) return false;
    // Parts of an answer are for the handler to choose.
    return (this.#authorized || !headers.has("authorization")) && !headers.has("range");
  }

  #answer(entry: Entry | undefined, key: string, request: HttpRequest, next: Handler): Answer | Promise<Answer> {
    if (entry === undefined) return this.#join(key, request, next);
    if (this.#context.entries.isFresh(entry) || request.done) return this.#give(entry);
    const { method } = request;
    // The request that goes on in the background has no content.
    if (method !== "GET" && method !== "HEAD") return this.#join(key, request, next);
    if (method === "GET") this.#refresh(key, request, next);
    return this.#give(entry);
  }

  #give({ content }: Entry): HttpResponse {
    return giveAnswer(content as KeptAnswer, this.#context.now());
  }

  /** Waits for who makes the same answer already; makes it where nobody does, or what was made is for nobody else. */
  #join(key: string, request: HttpRequest, next: Handler): Answer | Promise<Answer> {
    const flight = this.#context.entries.flights.get(key);
    // Around a route the cache may stand twice: the inner one must not wait for the outer.
    if (flight === undefined || flight.leader === request) return this.#make(key, request, next);
    return flight.done.then((entry) => (entry === null ? next(request) : this.#give(entry)));
  }

  /** Makes an answer, and keeps it where that may be. */
  #make(key: string, request: HttpRequest, next: Handler): Answer | Promise<Answer> {
    const { entries } = this.#context;
    // What a handler makes of HEAD may have no content.
    if (request.method === "HEAD" || entries.flights.get(key)?.leader === request) return next(request);
    const { epoch } = entries;
    const tags = this.#tagsOf(request);
    return this.#lead(key, request, next, tags.length === 0 ? null : entries.versions(tags), epoch);
  }

  #tagsOf(request: HttpRequest): readonly string[] {
    const { tags = NO_TAGS } = this.#options;
    return typeof tags === "function" ? tags(request) : tags;
  }

  /** Makes an answer for all who wait for it from now on, also while the store is asked for the versions of its tags. */
  #lead(
    key: string,
    request: HttpRequest,
    next: Handler,
    versions: Versions | null | Promise<Versions>,
    epoch: number,
  ): Answer | Promise<Answer> {
    const { flights } = this.#context.entries;
    let land: (entry: Entry | null) => void = () => {};
    const flight: Flight = {
      leader: request,
      done: new Promise((resolve) => {
        land = resolve;
      }),
    };
    flights.set(key, flight);
    const end = (entry: Entry | null) => {
      land(entry);
      if (flights.get(key) === flight) flights.delete(key);
    };
    const make = (known: Versions | null): HttpResponse | Promise<HttpResponse> => {
      const keep = (answer: Answer) => this.#keep(key, toResponse(answer), known, epoch, end);
      const answer = next(request);
      return isPromise(answer) ? Promise.resolve(answer).then(keep) : keep(answer);
    };
    try {
      const response = isPromise(versions) ? versions.then(make) : make(versions);
      if (!isPromise(response)) return response;
      return response.catch((error) => {
        end(null);
        throw error;
      });
    } catch (error) {
      end(null);
      throw error;
    }
  }

  /** Keeps an answer where that may be, what is iterated once it has left; `end` gets what others may have. */
  #keep(
    key: string,
    response: HttpResponse,
    versions: Versions | null,
    epoch: number,
    end: (entry: Entry | null) => void,
  ): HttpResponse {
    const { entries, maxEntrySize, now } = this.#context;
    const { body } = response;
    const put = (content: string | Uint8Array) => {
      const entry = entries.entry(keepAnswer(response, content, now()), this.times, versions);
      return { entry, kept: entries.keep(key, entry, this.times, epoch) };
    };
    if (!this.#mayKeep(response)) end(null);
    else if (body !== null && typeof body === "object" && !(body instanceof Uint8Array)) {
      // Who waits would wait for a client that may be slow.
      end(null);
      noteContent(response, body, maxEntrySize, (bytes) => void put(bytes));
    } else {
      const content = copyContent(body, maxEntrySize);
      if (content === null) end(null);
      else {
        const { entry, kept } = put(content);
        // Until the store has it, those who come are given it here.
        if (kept === undefined) end(entry);
        else kept.then(() => end(entry));
      }
    }
    return response;
  }

  #mayKeep(response: HttpResponse): boolean {
    // What others write themselves cannot be had.
    if (response instanceof OwnResponse) return false;
    const { responseFilter } = this.#options;
    if (!this.#statuses.includes(response.status) || !isShared(response, this.#vary)) return false;
    return responseFilter === undefined || responseFilter(response);
  }

  /** Makes an answer anew that nobody waits for: the request is answered meanwhile. */
  #refresh(key: string, request: HttpRequest, next: Handler): void {
    if (this.#context.entries.flights.has(key)) return;
    const detached = request.detach();
    const make = async () => {
      const response = toResponse(await this.#make(key, detached, next));
      const { body } = response;
      if (body === null || typeof body === "string" || body instanceof Uint8Array) return;
      if (this.#mayKeep(response)) await readAll(body, this.#context.maxEntrySize);
      else discardContent(response);
    };
    make().catch((error) => detached.log.warn("an answer of the cache could not be made anew", error));
  }
}

/** Reads content that nobody gets, as far as it would be kept. */
async function readAll(body: BodyStream, maxSize: number): Promise<void> {
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > maxSize) return;
  }
}

/** Middleware of a cache. Throws a TypeError or RangeError that names the option which makes no sense. */
export function cachedMiddleware(context: RouteContext, options: CachedOptions): CachedMiddleware {
  checkCached(options);
  const { timeout = context.timeout, staleWhileRevalidate = context.staleWhileRevalidate } = options;
  const stale = milliseconds("staleWhileRevalidate", staleWhileRevalidate, 0);
  const route = new CachedRoute(context, options, { timeout: milliseconds("timeout", timeout), stale });
  const middleware = (next: Handler): CachedHandler =>
    Object.assign((request: HttpRequest) => route.serve(request, next), { uncached: next });
  described(middleware, "cached", { timeout, staleWhileRevalidate });
  return Object.defineProperties(middleware, {
    makeCacheKey: { value: route.keyOf },
    cacheTimeout: {
      get: () => route.times.timeout / 1000,
      set(seconds: number) {
        route.times = { timeout: milliseconds("cacheTimeout", seconds), stale };
      },
    },
  }) as CachedMiddleware;
}
