/** The classes of fetch that applications find, in place of those of the host. */
import { LightHeaders } from "./headers.ts";
import { hostClasses, standFor } from "./host.ts";
import { LightRequest } from "./request.ts";
import { LightResponse } from "./response.ts";

let prepared = false;
let overridden = false;

/** Makes light objects count as those of the host, once. */
export function prepareLight(): void {
  if (prepared) return;
  prepared = true;
  const host = hostClasses();
  standFor<LightHeaders, Headers>(LightHeaders, host.Headers, LightHeaders.real);
  standFor<LightRequest, Request>(LightRequest, host.Request, LightRequest.real);
  standFor<LightResponse, Response>(LightResponse, host.Response, LightResponse.real);
  // What only the class itself knows, as `Response.redirect`.
  Object.setPrototypeOf(LightResponse, host.Response);
  Object.defineProperty(LightResponse, "name", { value: "Response" });
  Object.defineProperty(LightResponse, Symbol.hasInstance, { value: isResponse });
}

/** What `instanceof` says: those of the host count as well; of classes that are made of ours, theirs alone. */
function isResponse(this: unknown, value: unknown): boolean {
  if (this === LightResponse) return value instanceof hostClasses().Response;
  return Function.prototype[Symbol.hasInstance].call(this as object as () => void, value);
}

function realOf(input: unknown): unknown {
  return LightRequest.is(input) ? LightRequest.real(input) : input;
}

/** The class of the host, which takes light requests as well: what it makes are objects of the host. */
function requestClass(native: typeof Request): typeof Request {
  const made: ProxyHandler<typeof Request> = {
    construct: (target, [input, ...rest], newTarget) =>
      Reflect.construct(target, [realOf(input), ...rest], newTarget === ours ? target : newTarget),
  };
  const ours = new Proxy(native, made);
  return ours;
}

/**
 * Puts the light Response in the place of the global one, and has `new Request` and `fetch` take light requests; once.
 * What was made before, and what is made elsewhere of the host's own classes, goes on working.
 */
export function overrideGlobals(): void {
  if (overridden) return;
  overridden = true;
  const { Request, fetch } = hostClasses();
  const ours = {
    Request: requestClass(Request),
    Response: LightResponse,
    fetch: (input: unknown, ...init: [RequestInit?]) => fetch(realOf(input) as RequestInfo, ...init),
  };
  for (const [name, value] of Object.entries(ours)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}
