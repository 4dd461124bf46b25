import { quiet } from "../../h1/quiet.ts";
import { type HttpRequest, NotImplementedError } from "../../http/index.ts";
import { ReleasedError } from "../../parser/index.ts";
import { LightHeaders } from "./headers.ts";
import { hostClasses } from "./host.ts";
import { urlOf } from "./url.ts";

/** Methods that fetch knows in any case (Fetch §2.2.1). */
const NORMALIZED = /^(?:DELETE|GET|HEAD|OPTIONS|POST|PUT)$/i;
/** Methods that no Request can have (Fetch §2.2.1). */
const FORBIDDEN = /^(?:CONNECT|TRACE|TRACK)$/i;

function methodOf({ method }: HttpRequest): string {
  // The common ones first: they are what they are.
  if (method === "GET" || method === "POST") return method;
  if (FORBIDDEN.test(method)) throw new NotImplementedError(`fetch knows no ${method}`);
  return NORMALIZED.test(method) ? method.toUpperCase() : method;
}

/** Whether a request has content that a Request may have: to GET and HEAD fetch knows none. */
function hasContent(method: string, { headers }: HttpRequest): boolean {
  if (method === "GET" || method === "HEAD") return false;
  return headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
}

/** Content that has ended, and was read. */
function ended(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

async function readJson(request: HttpRequest): Promise<unknown> {
  return JSON.parse(await request.text());
}

async function readBuffer(request: HttpRequest): Promise<ArrayBuffer> {
  const { buffer, byteOffset, length } = await request.bytes();
  const whole = byteOffset === 0 && length === buffer.byteLength;
  return (whole ? buffer : buffer.slice(byteOffset, byteOffset + length)) as ArrayBuffer;
}

/**
 * A request as a Request of fetch. Method, URL, single fields, the signal and the whole content it knows itself; a real
 * Request is made where anything else is asked for, and answers for all from then on. As what it is made of, it lasts
 * as long as its exchange: then what it has not copied throws a ReleasedError.
 */
export class LightRequest {
  readonly #request: HttpRequest;
  readonly method: string;
  readonly url: string;
  #headers: LightHeaders | null = null;
  #real: Request | null = null;
  /** Whether the content was read here, and not of the real one. */
  #used = false;

  /** Throws an HttpError 400 where there is no such URL, and 501 for a method that fetch knows none of. */
  constructor(request: HttpRequest) {
    this.#request = request;
    this.method = methodOf(request);
    this.url = urlOf(request);
  }

  get headers(): LightHeaders {
    this.#headers ??= new LightHeaders(this.#request.headers);
    return this.#headers;
  }

  get signal(): AbortSignal {
    return this.#request.signal;
  }

  get bodyUsed(): boolean {
    return this.#used || this.#real?.bodyUsed === true;
  }

  text(): Promise<string> {
    return this.#takes() ? this.#request.text() : this.#read((real) => real.text());
  }

  json(): Promise<unknown> {
    return this.#takes() ? readJson(this.#request) : this.#read((real) => real.json());
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#takes() ? readBuffer(this.#request) : this.#read((real) => real.arrayBuffer());
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.arrayBuffer());
  }

  formData(): Promise<FormData> {
    return this.#read((real) => real.formData());
  }

  blob(): Promise<Blob> {
    return this.#read((real) => real.blob());
  }

  /** Whether the content is read here from now on: it is there, and nobody has read it or has a real Request. */
  #takes(): boolean {
    const { done } = this.#request;
    if (this.#used || this.#real !== null || done || !hasContent(this.method, this.#request)) return false;
    this.#used = true;
    return true;
  }

  /** What is read of the real one; rejects where there is none any more. */
  #read<T>(read: (real: Request) => Promise<T>): Promise<T> {
    if (this.#real === null && this.#request.done) return quiet(Promise.reject(new ReleasedError()));
    return read(LightRequest.real(this));
  }

  #toRequest(): Request {
    const { method, url, headers, signal } = this;
    const init: RequestInit & { duplex?: "half" } = { method, headers: LightHeaders.real(headers), signal };
    if (hasContent(method, this.#request)) {
      init.body = this.#used ? ended() : this.#request.stream();
      init.duplex = "half";
    }
    const real = new (hostClasses().Request)(url, init);
    // Read once more, it knows that it was.
    if (this.#used) quiet(real.arrayBuffer());
    LightHeaders.adopt(headers, real.headers);
    return real;
  }

  /** The real Request of a light one; throws a ReleasedError where it was not made in time. */
  static real(light: LightRequest): Request {
    light.#real ??= light.#toRequest();
    return light.#real;
  }

  static is(value: unknown): value is LightRequest {
    return typeof value === "object" && value !== null && #request in value;
  }
}
