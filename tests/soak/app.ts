/** What the soak serves: handlers that behave, whose every answer tells what it answers, and handlers that do not. */
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import { App, type BodyStream, type HttpRequest, HttpResponse } from "pyrois";
import { ParseError } from "pyrois/parser";

/** What must balance once all clients are gone. */
export interface Tally {
  /** Handlers that wait for their client to go, and those that saw it go. */
  waiting: number;
  released: number;
  /** Sources of answers that were begun, and those that were let go of. */
  sources: number;
  sourcesEnded: number;
  /** Requests that only a server could see which reads a message where there is none. */
  smuggled: number;
  /** Errors that the application was told of: those that it threw itself, and all others. */
  planned: number;
  unplanned: string[];
}

class PlannedError extends Error {}

type IdRequest = HttpRequest<{ readonly id: string }>;

/** The fields that tell which request an answer belongs to. */
function told({ params, headers }: IdRequest): { headers: Record<string, string> } {
  return { headers: { "X-Path-Id": params.id, "X-Header-Id": headers.get("x-id") ?? "" } };
}

const numberOf = (request: HttpRequest, name: string): number =>
  Number(new URLSearchParams(request.query).get(name) ?? 0);

/** Comes after a number of milliseconds, at the next turn for 0, and at once for -1. */
async function delay(milliseconds: number): Promise<void> {
  if (milliseconds < 0) return;
  await (milliseconds === 0 ? turn() : wait(milliseconds));
}

/** Bytes of the big answers. */
const BIG = 4_000_000;

export function soakApp(): { app: App; tally: Tally } {
  const tally: Tally = {
    waiting: 0,
    released: 0,
    sources: 0,
    sourcesEnded: 0,
    smuggled: 0,
    planned: 0,
    unplanned: [],
  };
  const app = new App().on("error", (error) => {
    const name = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    // Content-Length and content that differ on purpose; an answer made of content that is cut off or wrong.
    const meant = /^TypeError: Content-Length says/.test(name) || error instanceof ParseError;
    if (error instanceof PlannedError || meant) ++tally.planned;
    else if (tally.unplanned.length < 20) tally.unplanned.push(name);
  });
  const big = Buffer.alloc(BIG, "b");

  /** Counts a source of content from its first piece to its end, whatever ends it. */
  async function* counted(pieces: () => AsyncGenerator<string | Uint8Array>): AsyncGenerator<string | Uint8Array> {
    ++tally.sources;
    try {
      yield* pieces();
    } finally {
      ++tally.sourcesEnded;
    }
  }

  /** Resolves when the client has gone. */
  async function gone(request: HttpRequest): Promise<void> {
    const { signal } = request;
    ++tally.waiting;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    ++tally.released;
  }

  async function* repeat(id: string, count: number, pause: number): AsyncGenerator<string> {
    for (let at = 0; at < count; ++at) {
      await delay(pause);
      yield `${id}:${at};`;
    }
  }

  app.get("/sync/{id}", (request) => new HttpResponse(request.params.id, told(request)));
  app.get("/wait/{id}", async (request) => {
    await delay(numberOf(request, "ms"));
    return new HttpResponse(request.params.id, told(request));
  });
  app.get("/big/{id}", (request) => new HttpResponse(big, told(request)));
  app.get("/stream/{id}", (request) => {
    const { id } = request.params;
    const [count, pause] = [numberOf(request, "count"), numberOf(request, "ms")];
    return new HttpResponse(
      counted(() => repeat(id, count, pause)),
      told(request),
    );
  });
  app.get("/length/{id}", (request) => {
    const { id } = request.params;
    const count = numberOf(request, "count");
    const { headers } = told(request);
    let size = 0;
    for (let at = 0; at < count; ++at) size += `${id}:${at};`.length;
    const source = counted(() => repeat(id, count, -1));
    return new HttpResponse(source, { headers: { ...headers, "Content-Length": String(size) } });
  });
  app.post("/echo/{id}", async (request) => new HttpResponse(await request.bytes(), told(request)));
  app.post("/pieces/{id}", async (request) => {
    const init = told(request);
    const pause = numberOf(request, "ms");
    const pieces: Uint8Array[] = [];
    for await (const piece of request.body) {
      pieces.push(piece);
      await delay(pause);
    }
    return new HttpResponse(
      counted(async function* () {
        yield* pieces;
      }),
      init,
    );
  });
  app.post("/through/{id}", (request) => new HttpResponse(request.body, told(request)));
  app.post("/ignore/{id}", (request) => new HttpResponse(request.params.id, told(request)));
  app.post("/trailers/{id}", async (request) => {
    const content = await request.bytes();
    const { headers } = told(request);
    return new HttpResponse(content, { headers: { ...headers, "X-Trailer": request.trailers?.get("x-end") ?? "" } });
  });

  app.route(
    "/smuggled",
    () => {
      ++tally.smuggled;
      return "smuggled";
    },
    { methods: "*" },
  );
  app.get("/bad/throw/{id}", () => {
    throw new PlannedError("thrown");
  });
  app.get("/bad/reject/{id}", async (request) => {
    await delay(numberOf(request, "ms"));
    throw new PlannedError("rejected");
  });
  app.get("/bad/never/{id}", (request) => {
    gone(request);
    return new Promise<string>(() => {});
  });
  app.get("/bad/late/{id}", async (request) => {
    await gone(request);
    return "nobody reads this";
  });
  app.get("/bad/late-stream/{id}", async (request) => {
    await gone(request);
    return repeat("nobody", 10, 0);
  });
  app.get("/bad/late-throw/{id}", async (request) => {
    await gone(request);
    return request.headers.get("host");
  });
  app.get("/bad/middle/{id}", (): BodyStream => {
    return counted(async function* () {
      yield "some";
      await turn();
      throw new PlannedError("in the middle");
    });
  });
  app.get("/bad/short/{id}", () => {
    return new HttpResponse(
      counted(() => repeat("a", 3, 0)),
      { headers: { "Content-Length": "1000" } },
    );
  });
  app.get("/bad/long/{id}", () => {
    return new HttpResponse(
      counted(() => repeat("abcdefgh", 50, 0)),
      { headers: { "Content-Length": "100" } },
    );
  });
  app.get("/bad/endless/{id}", (): BodyStream => {
    return counted(async function* () {
      for (;;) yield big.subarray(0, 10_000);
    });
  });
  app.get("/bad/stuck/{id}", (): BodyStream => {
    // Nothing comes of it, not even when it is told to let go.
    const never = () => new Promise<IteratorResult<string>>(() => {});
    return { [Symbol.asyncIterator]: () => ({ next: never, return: never }) };
  });
  return { app, tally };
}
