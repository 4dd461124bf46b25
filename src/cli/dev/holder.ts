/**
 * Keeps sockets listening while the processes that serve them come and go. A connection is handed to the process that
 * runs; where there is none it waits, and where that has failed it gets a page that tells why.
 */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { hasOwnHost, isForeign } from "../../dev/guard.ts";
import { ConnectionGroup } from "../../h1/index.ts";
import { type HttpRequest, HttpResponse } from "../../http/index.ts";
import { App } from "../../server/app.ts";
import { Service } from "../../server/service.ts";
import { serveSocket } from "../../server/socket.ts";
import type { Failure } from "./failure.ts";
import type { Asked } from "./messages.ts";
import { errorPage, MENDED, placeText } from "./page.ts";

/** Takes a connection to a place; calls `lost` where it cannot any more. */
export type Take = (key: string, socket: Socket, lost: () => void) => void;

interface Place {
  readonly server: Server;
  readonly address: AddressInfo;
}

export class Holder {
  readonly #places = new Map<string, Place>();
  /** Accepted, and served by nobody yet. */
  #waiting: { readonly key: string; readonly socket: Socket }[] = [];
  /** Places that the process that runs has asked for, and what takes their connections; null where it is not there. */
  #claimed = new Set<string>();
  #take: Take | null = null;
  #failure: Failure | null = null;
  /** Pages that wait for the error to go. */
  readonly #pages = new Set<() => void>();
  readonly #connections: ConnectionGroup;

  constructor() {
    const app = new App({ fallback: (request) => this.#tell(request) });
    const service = new Service(app, Number.POSITIVE_INFINITY, () => {});
    // The next request may be for another.
    this.#connections = new ConnectionGroup(service, { maxRequestsPerConnection: 1 });
  }

  /** Whether it listens anywhere. */
  get listening(): boolean {
    return this.#places.size > 0;
  }

  /** Listens on a place, unless it does already. Rejects where that cannot be had. */
  async listen({ port, host, index }: Asked): Promise<{ readonly key: string; readonly address: AddressInfo }> {
    const key = `${host ?? ""}:${port}:${index}`;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = await open({ port, ...(host !== undefined && { host }) }, (socket) => this.#accept(key, socket));
      this.#places.set(key, place);
    }
    return { key, address: place.address };
  }

  /** The process that runs serves a place: connections to it, those that wait too, are handed over. Gives its address. */
  claim(key: string, take: Take): AddressInfo {
    this.#take = take;
    this.#claimed.add(key);
    this.#flush();
    for (const reload of this.#pages) reload();
    this.#pages.clear();
    return (this.#places.get(key) as Place).address;
  }

  /** The process that ran takes no more: connections wait. */
  hold(): void {
    this.#take = null;
    this.#claimed = new Set();
    this.#failure = null;
  }

  /** There is no process, for this reason: connections get a page that says so. */
  fail(failure: Failure): void {
    this.hold();
    this.#failure = failure;
    this.#flush();
  }

  /** Lets all places go but these. */
  prune(keys: ReadonlySet<string>): void {
    for (const [key, { server }] of this.#places) {
      if (keys.has(key)) continue;
      server.close();
      this.#places.delete(key);
    }
    const gone = this.#waiting.filter(({ key }) => !this.#places.has(key));
    this.#waiting = this.#waiting.filter(({ key }) => this.#places.has(key));
    for (const { socket } of gone) socket.destroy();
  }

  /** Listens no more, and cuts what is open. */
  close(): void {
    this.hold();
    this.prune(new Set());
    this.#connections.cut();
  }

  #accept(key: string, socket: Socket): void {
    this.#waiting.push({ key, socket });
    // One that fails while it waits has nobody else to hear of that.
    socket.on("error", () => {});
    this.#flush();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      const { key, socket } = each;
      // Where it is lost it waits for the next one.
      if (this.#take !== null && this.#claimed.has(key)) this.#take(key, socket, () => this.#waiting.push(each));
      else if (this.#failure !== null) this.#show(socket);
      else this.#waiting.push(each);
    }
  }

  /** Serves a connection here, with the page. */
  #show(socket: Socket): void {
    serveSocket(socket, this.#connections);
    socket.resume();
  }

  #tell(request: HttpRequest): HttpResponse {
    const { path } = request;
    const accept = request.headers.get("accept");
    const failure = this.#failure;
    // The source is for developers: no page of others may have a browser get it, by whatever name.
    if (!hasOwnHost(request) || isForeign(request)) {
      return new HttpResponse("it is broken; the terminal says why\n", {
        status: 500,
        headers: { "Cache-Control": "no-store" },
      });
    }
    if (path === MENDED) return this.#whenMended();
    const headers = { "Cache-Control": "no-store" };
    if (failure === null)
      return new HttpResponse("mended\n", { status: 503, headers: { ...headers, "Retry-After": "0" } });
    if (!accept?.includes("text/html")) {
      return new HttpResponse(`${failure.message}\n${placeText(failure)}\n`, { status: 500, headers });
    }
    const { html, policy } = errorPage(failure);
    return new HttpResponse(html, { status: 500, headers: { ...headers, "Content-Security-Policy": policy } });
  }

  /** A stream that says one word, once the error is gone. */
  #whenMended(): HttpResponse {
    const mended = new Promise<void>((resolve) => this.#pages.add(resolve));
    async function* words() {
      yield ": waiting\n\n";
      await mended;
      yield "data: mended\n\n";
    }
    const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-store" };
    return new HttpResponse(words(), { headers });
  }
}

/** Accepts connections, and reads nothing of them: their first byte is for whoever they are handed to. */
function open(where: { port: number; host?: string }, accept: (socket: Socket) => void): Promise<Place> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, accept);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...where, backlog: 1024 }, () => {
      server.off("error", reject);
      resolve({ server, address: server.address() as AddressInfo });
    });
  });
}
