/** Applications of fetch, served by this framework. */
import { type Handler, isPromise } from "../../app/index.ts";
import { isBare } from "../../h1/serialize.ts";
import { type HttpRequest, type HttpResponse, isFetchResponse, StreamPieces, toResponse } from "../../http/index.ts";
import { overrideGlobals, prepareLight } from "./globals.ts";
import { LightRequest } from "./request.ts";

/**
 * An application of fetch. `native` is the request as this framework has it, with the addresses, the log and all else
 * that a Request of fetch does not know.
 */
export type FetchHandler = (request: Request, native: HttpRequest) => Response | Promise<Response>;

/** What `fromFetch` may be told. */
export interface FromFetchOptions {
  /**
   * Whether the global `Response` and `Request` become light ones, at the first call; true by default. Without it
   * handlers get real Requests, and what they answer is a real Response: all of it is the host's own, and takes longer.
   */
  readonly overrideGlobals?: boolean;
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

/** The response to HEAD. Of one without content nobody knows how much GET would have had: it must not say none. */
function withoutLength(response: HttpResponse, request: HttpRequest): HttpResponse {
  if (request.done || request.method !== "HEAD" || isBare(response.status)) return response;
  if (!response.headers.has("Content-Length")) response.body = nothing();
  return response;
}

function responseOf(answer: unknown, request: HttpRequest): HttpResponse {
  if (!isFetchResponse(answer)) {
    const shown = answer === null ? "null" : typeof answer;
    throw new TypeError(`the handler of fetch must give a Response, and gave ${shown}`);
  }
  const response = toResponse(answer);
  const { body } = response;
  if (body === null) return withoutLength(response, request);
  // What waits for something to tell would learn of it from the next piece only.
  if (body instanceof StreamPieces) body.stopBy(request.signal);
  return response;
}

// Apart from the handler, where the closure would have every request allocate what it closes over.
function responseLater(answer: Promise<unknown>, request: HttpRequest): Promise<HttpResponse> {
  return Promise.resolve(answer).then((value) => responseOf(value, request));
}

/**
 * Serves requests with an application of fetch. Where the request has no URL it is answered with 400, a method that fetch
 * knows none of with 501, and what is no Response is reported and 500. Throws a TypeError where the handler is no function.
 */
export function fromFetch(handler: FetchHandler, options: FromFetchOptions = {}): Handler {
  if (typeof handler !== "function") throw new TypeError("the handler of fetch must be a function, as app.fetch");
  const { overrideGlobals: light = true } = options;
  prepareLight();
  if (light) overrideGlobals();
  return (request) => {
    const own = new LightRequest(request);
    const answer: unknown = handler(light ? (own as unknown as Request) : LightRequest.real(own), request);
    return isPromise(answer) ? responseLater(answer, request) : responseOf(answer, request);
  };
}
