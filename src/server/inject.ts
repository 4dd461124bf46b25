/** Requests without sockets: through the real parser, connection and serializer, in memory. For tests of applications. */
import { Duplex } from "node:stream";
import type { Servable } from "../app/index.ts";
import { ClientConnection, ConnectionGroup, type IncomingResponse, type Peer, type Transport } from "../h1/index.ts";
import { type HeadersInit, HttpHeaders } from "../http/index.ts";
import { Service } from "./service.ts";

/** What is asked. */
export interface InjectRequest {
  /** "GET" by default. */
  readonly method?: string;
  /** The path, with its query; "/" by default. */
  readonly path?: string;
  /** `Host` is "localhost" where it is not among them. */
  readonly headers?: HeadersInit;
  /** Text, bytes, what is iterated, or a form or Blob as fetch sends them; anything else leaves as JSON. */
  readonly body?: unknown;
}

/** What is answered. */
export interface InjectResponse {
  /** Of the final response. */
  readonly status: number;
  /** Its fields, as a client gets them. */
  readonly headers: HttpHeaders;
  /** Fields after the content; none where the request does not say `TE: trailers`. */
  readonly trailers: HttpHeaders;
  /** Informational responses that came before. */
  readonly informational: readonly { readonly status: number; readonly headers: HttpHeaders }[];
  /** Its content. */
  readonly body: Uint8Array;
  /** Milliseconds from the request to the end of the response. */
  readonly time: number;
  /** The content as UTF-8. */
  text(): string;
  /** The content as JSON; throws a SyntaxError where it is none. */
  json(): unknown;
}

/** Whoever is told what comes in at one end. */
interface Machine {
  receive(chunk: Uint8Array): void;
  finish(): void;
  abort(): void;
}

const PEER: Peer = { remoteAddress: "127.0.0.1", localAddress: "127.0.0.1" };

/**
 * What is written to one end of a connection, as a stream of Node: for those who write a response, or go on in another
 * protocol, themselves. Nothing is read from it. What sockets have beside is there, as far as it means anything here.
 */
class EndStream extends Duplex {
  readonly remoteAddress = PEER.remoteAddress;
  readonly localAddress = PEER.localAddress;
  bytesWritten = 0;
  readonly #end: End;

  constructor(end: End) {
    super({ allowHalfOpen: true });
    this.#end = end;
    // As with a socket: whoever goes on with it listens, or need not.
    this.on("error", () => {});
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#send([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  #send(pieces: readonly Buffer[], done: () => void): void {
    for (const { length } of pieces) this.bytesWritten += length;
    this.#end.write(pieces);
    done();
  }

  override _final(done: () => void): void {
    this.#end.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end.destroy();
    this.#end.machine?.abort();
    done(error);
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

/** One end of a connection in memory. What is written reaches the other end later, never from within. */
class End implements Transport {
  readonly peer = PEER;
  machine: Machine | null = null;
  other: End | null = null;
  #stream: EndStream | null = null;

  get stream(): EndStream {
    this.#stream ??= new EndStream(this);
    return this.#stream;
  }

  write(pieces: readonly (string | Uint8Array)[]): boolean {
    // Copied: whoever wrote them may go on with them.
    const bytes = Buffer.concat(
      pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : piece)),
    );
    queueMicrotask(() => this.other?.machine?.receive(bytes));
    return true;
  }

  unsent(): number {
    return 0;
  }

  end(): void {
    queueMicrotask(() => this.other?.machine?.finish());
  }

  destroy(): void {
    queueMicrotask(() => this.other?.machine?.abort());
    this.#stream?.destroy();
  }

  reset(): void {
    this.destroy();
  }

  probe(): void {}
  pause(): void {}
  resume(): void {}

  detach(): EndStream {
    this.machine = null;
    return this.stream;
  }
}

/** Content as connections take it. */
export type Content = string | Uint8Array | AsyncIterable<string | Uint8Array> | null;

/** What fetch knows how to send, and JSON would make nothing of. */
function isForFetch(body: unknown): body is FormData | URLSearchParams | Blob | ArrayBuffer {
  return [FormData, URLSearchParams, Blob, ArrayBuffer].some((kind) => body instanceof kind);
}

/** What leaves of a body, and the type that it means. Rejects with a TypeError for what JSON cannot say. */
export async function contentOf(body: unknown): Promise<[content: Content, type: string | null]> {
  if (body === undefined || body === null) return [null, null];
  if (typeof body === "string" || body instanceof Uint8Array) return [body, null];
  if (isForFetch(body)) {
    const sent = new Response(body);
    return [new Uint8Array(await sent.arrayBuffer()), sent.headers.get("content-type")];
  }
  if (typeof body === "object" && Symbol.asyncIterator in body) return [body as Content, null];
  const text = JSON.stringify(body);
  if (text === undefined) throw new TypeError(`${typeof body} has no JSON`);
  return [text, "application/json"];
}

async function responseOf(
  response: IncomingResponse,
  informational: InjectResponse["informational"],
  start: number,
): Promise<InjectResponse> {
  const body = await response.content.bytes();
  const text = () => new TextDecoder().decode(body);
  return {
    status: response.head.status,
    headers: new HttpHeaders(response.head.headers),
    trailers: new HttpHeaders(response.trailers ?? []),
    informational,
    body,
    time: performance.now() - start,
    text,
    json: () => JSON.parse(text()),
  };
}

/** The near end of a connection whose bytes are gathered as they come. */
class Gathering implements Machine {
  readonly #pieces: Uint8Array[] = [];
  readonly #over: (bytes: Uint8Array) => void;

  constructor(over: (bytes: Uint8Array) => void) {
    this.#over = over;
  }

  receive(chunk: Uint8Array): void {
    this.#pieces.push(chunk);
  }

  finish(): void {
    this.#over(Buffer.concat(this.#pieces));
  }

  abort(): void {
    this.finish();
  }
}

/** The connections of each application: they share its parser. */
const groups = new WeakMap<Servable, ConnectionGroup>();

/** Where connections of an application in memory belong; no timeouts end them. */
export function groupOf(application: Servable): ConnectionGroup {
  const known = groups.get(application);
  if (known) return known;
  const group = new ConnectionGroup(new Service(application, Number.POSITIVE_INFINITY, () => {}));
  groups.set(application, group);
  return group;
}

/**
 * Has an application serve a request in memory. Rejects where the request cannot be sent as it is, and where the
 * response is cut off.
 */
export async function inject(application: Servable, request: InjectRequest): Promise<InjectResponse> {
  const { method = "GET", path = "/", headers, body } = request;
  const [content, type] = await contentOf(body);
  const fields = new HttpHeaders(headers);
  const host = fields.get("Host") ?? "localhost";
  fields.delete("Host");
  if (type !== null && !fields.has("Content-Type")) fields.set("Content-Type", type);
  const [near, far] = [new End(), new End()];
  near.other = far;
  far.other = near;
  const client = new ClientConnection(near);
  near.machine = client;
  const connection = groupOf(application).connect(far);
  far.machine = connection;
  const informational: { status: number; headers: HttpHeaders }[] = [];
  const start = performance.now();
  try {
    const answered = client.request({ method, target: path, host, fields, body: content }, (head) => {
      informational.push({ status: head.status, headers: new HttpHeaders(head.headers) });
    });
    return await responseOf(await answered, informational, start);
  } finally {
    connection.cut();
  }
}

/**
 * Has an application serve the bytes of a connection in memory, which then ends; resolves with all that was written back
 * once that is over, or with what there was when the signal is aborted.
 */
export async function injectBytes(application: Servable, bytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
  const [near, far] = [new End(), new End()];
  near.other = far;
  far.other = near;
  const connection = groupOf(application).connect(far);
  far.machine = connection;
  const cut = () => near.machine?.abort();
  signal?.addEventListener("abort", cut, { once: true });
  try {
    return await new Promise<Uint8Array>((resolve) => {
      near.machine = new Gathering(resolve);
      if (signal?.aborted) cut();
      // Not at once: the caller may be in the middle of another connection's bytes, and the window is shared.
      queueMicrotask(() => {
        connection.receive(bytes);
        connection.finish(true);
      });
    });
  } finally {
    signal?.removeEventListener("abort", cut);
    connection.cut();
  }
}
