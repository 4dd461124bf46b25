/** What node:http does, byte by byte but for dates: heads, framing, connections, errors and events. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { type Play, playBoth } from "./both.ts";

/** As Node has it, though its types do not. */
type Asking = IncomingMessage & { upgrade: boolean };
type Listener = (req: IncomingMessage, res: ServerResponse, log: (...told: unknown[]) => void) => unknown;

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const post = (content: string, more = "Connection: close\r\n", length = content.length) =>
  `POST / HTTP/1.1\r\nHost: a\r\n${more}Content-Length: ${length}\r\n\r\n${content}`;

/** A listener for all requests, and for the last one an answer of its own. */
const listening =
  (listener: Listener): Play["serve"] =>
  (server, log) =>
    server.on("request", (req, res) => {
      if (req.url === "/last") res.end("last");
      else listener(req, res, log);
    });

const plays: Record<string, Play> = {
  "end with text": { serve: listening((_, res) => res.end("hello")), send: GET + LAST },
  "end with bytes": { serve: listening((_, res) => res.end(Buffer.from("hellö"))), send: GET + LAST },
  "end with nothing": { serve: listening((_, res) => res.end()), send: GET + LAST },
  "write and end": {
    serve: listening((_, res) => {
      res.write("a");
      res.write(Buffer.from("b"));
      res.end("c");
    }),
    send: GET + LAST,
  },
  "write with Content-Length": {
    serve: listening((_, res) => {
      res.setHeader("Content-Length", 2);
      res.write("a");
      res.end("b");
    }),
    send: GET + LAST,
  },
  "write later": {
    serve: listening((_, res) => {
      res.write("a");
      setImmediate(() => res.end("b"));
    }),
    send: GET + LAST,
  },
  "writeHead with an object": {
    serve: listening((_, res) => res.writeHead(201, "Made", { "X-A": "1", "x-b": ["2", "3"] }).end("x")),
    send: GET + LAST,
  },
  "writeHead with a list": {
    serve: listening((_, res) =>
      res.writeHead(200, ["X-A", "1", "X-a", "2", "Set-Cookie", "a", "Set-Cookie", "b"]).end(),
    ),
    send: GET + LAST,
  },
  "setHeader and writeHead": {
    serve: listening((_, res) => {
      res.setHeader("X-A", "1");
      res.setHeader("Set-Cookie", ["a=1", "b=2"]);
      res.writeHead(404, { "X-A": "2" });
      res.end("no");
    }),
    send: GET + LAST,
  },
  "statusMessage, and no date": {
    serve: listening((_, res) => {
      res.statusCode = 299;
      res.statusMessage = "Fine";
      res.sendDate = false;
      res.end();
    }),
    send: GET + LAST,
  },
  flushHeaders: {
    serve: listening((_, res) => {
      res.flushHeaders();
      setImmediate(() => res.end("x"));
    }),
    send: GET + LAST,
  },
  trailers: {
    serve: listening((_, res) => {
      res.writeHead(200, { Trailer: "X-T" });
      res.write("a");
      res.addTrailers({ "X-T": "1" });
      res.end();
    }),
    send: GET + LAST,
  },
  "removed fields": {
    serve: listening((_, res) => {
      for (const name of ["Date", "Connection", "Transfer-Encoding"]) res.removeHeader(name);
      res.write("until the end");
      res.end();
    }),
    send: GET,
  },
  HEAD: {
    serve: listening((_, res) => {
      res.setHeader("Content-Length", 5);
      res.end("hello");
    }),
    send: `HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${LAST}`,
  },
  "HEAD without a length": {
    serve: listening((_, res) => res.end("hello")),
    send: `HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${LAST}`,
  },
  "204": { serve: listening((_, res) => res.writeHead(204).end("none")), send: GET + LAST },
  "304": { serve: listening((_, res) => res.writeHead(304, { ETag: '"a"' }).end()), send: GET + LAST },
  "204 with chunks": {
    serve: listening((_, res) => res.writeHead(204, { "Transfer-Encoding": "chunked" }).end()),
    send: GET,
  },
  "Connection: close by the listener": {
    serve: listening((_, res) => res.writeHead(200, { Connection: "close" }).end("x")),
    send: GET,
  },
  shouldKeepAlive: {
    serve: listening((_, res) => {
      res.shouldKeepAlive = false;
      res.end("x");
    }),
    send: GET,
  },
  "HTTP/1.0": { serve: listening((_, res) => res.end("x")), send: "GET / HTTP/1.0\r\n\r\n" },
  "HTTP/1.0, until the end": {
    serve: listening((_, res) => {
      res.write("a");
      res.end("b");
    }),
    send: "GET / HTTP/1.0\r\n\r\n",
  },
  "HTTP/1.0 that is kept": {
    serve: listening((_, res) => res.writeHead(200, { "Content-Length": 1 }).end("x")),
    send: `GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${LAST}`,
  },
  keepAliveTimeout: {
    options: { keepAliveTimeout: 7200 },
    serve: listening((_, res) => res.end("x")),
    send: GET + LAST,
  },
  "no keepAliveTimeout": {
    options: { keepAliveTimeout: 0 },
    serve: listening((_, res) => res.end("x")),
    send: GET + LAST,
  },
  "Keep-Alive by the listener": {
    serve: listening((_, res) => res.writeHead(200, { "Keep-Alive": "timeout=1" }).end("x")),
    send: GET + LAST,
  },
  maxRequestsPerSocket: {
    serve: (server, log) => {
      server.maxRequestsPerSocket = 2;
      server.on("request", (req, res) => res.end(req.url));
      server.on("dropRequest", (req) => log("dropped", req.url));
    },
    send: [GET, { after: "max=2", send: GET.replace("/", "/2") }, { after: "/2", send: GET.replace("/", "/3") }],
    until: "503 Service Unavailable\r\n",
  },
  "informational responses": {
    serve: listening((_, res) => {
      res.writeProcessing();
      res.writeEarlyHints({ link: "</a>; rel=preload", "x-b": "c" });
      setImmediate(() => res.end("x"));
    }),
    send: GET + LAST,
  },
  "100 (Continue)": {
    serve: listening((req, res) => {
      req.on("data", (piece) => res.write(piece));
      req.on("end", () => res.end());
    }),
    send: [post("", "Expect: 100-continue\r\nConnection: close\r\n", 2), { after: "100 Continue\r\n\r\n", send: "hi" }],
  },
  checkContinue: {
    serve: (server, log) => {
      server.on("checkContinue", (req, res) => {
        log("asked", req.headers.expect);
        res.writeContinue();
        req.resume().on("end", () => res.end("thanks"));
      });
    },
    send: [post("", "Expect: 100-continue\r\nConnection: close\r\n", 2), { after: "100 Continue\r\n\r\n", send: "hi" }],
  },
  "checkContinue that refuses": {
    serve: (server) => {
      server.on("checkContinue", (_, res) => res.writeHead(417).end("no"));
    },
    send: post("", "Expect: 100-continue\r\n", 2),
  },
  "what a request says": {
    serve: listening((req, res) => {
      const { method, url, httpVersion, headers, rawHeaders, complete } = req;
      res.end(
        JSON.stringify({ method, url, httpVersion, headers, rawHeaders, complete, distinct: req.headersDistinct }),
      );
    }),
    send: `PUT /a/b?c=d%20e HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two: 2\r\nCookie: a\r\nCookie: b\r\nAge: 1\r\nAge: 2\r\nSet-Cookie: c\r\nX-Latin: \xe9\r\nX-Empty:\r\n\r\n${LAST}`,
  },
  "an absolute target": {
    serve: listening((req, res) => res.end(req.url)),
    send: `GET http://b/c?d HTTP/1.1\r\nHost: a\r\n\r\n${LAST}`,
  },
  "an asterisk": {
    serve: listening((req, res) => res.end(req.url)),
    send: `OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n${LAST}`,
  },
  "as many fields as maxHeadersCount": {
    serve: (server) => {
      server.maxHeadersCount = 2;
      server.on("request", (_, res) => res.end("x"));
    },
    send: LAST,
  },
  // Later ones refuse it.
  ...(process.version.startsWith("v20.") &&
    ({
      "more fields than maxHeadersCount": {
        serve: (server) => {
          server.maxHeadersCount = 2;
          server.on("request", (req, res) => res.end(JSON.stringify(req.rawHeaders)));
        },
        send: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: 1\r\nX-B: 2\r\n\r\n",
      },
      "Upgrade beyond maxHeadersCount": {
        serve: (server, log) => {
          server.maxHeadersCount = 2;
          server.on("request", (req, res) => res.end(JSON.stringify(req.headers)));
          server.on("upgrade", (req, socket) => {
            log(req.headers.upgrade);
            socket.end();
          });
        },
        send: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade\r\nUpgrade: x\r\n\r\n",
      },
    } satisfies Record<string, Play>)),
  joinDuplicateHeaders: {
    options: { joinDuplicateHeaders: true },
    serve: listening((req, res) => res.end(req.headers.age)),
    send: `GET / HTTP/1.1\r\nHost: a\r\nAge: 1\r\nAge: 2\r\n\r\n${LAST}`,
  },
  uniqueHeaders: {
    options: { uniqueHeaders: ["x-a"] },
    serve: listening((_, res) => {
      res.setHeader("X-A", ["1", "2"]);
      res.end();
    }),
    send: GET + LAST,
  },
  "content, and events": {
    serve: listening((req, res, log) => {
      log("complete", req.complete);
      req.on("data", (piece) => log("data", piece));
      req.on("end", () => {
        log("end", req.complete, req.readableEnded);
        res.end("x");
      });
      req.on("close", () => log("req close", req.destroyed));
      res.on("finish", () => log("finish", res.writableFinished, res.headersSent));
      res.on("close", () => log("res close", res.destroyed, res.closed));
    }),
    send: post("abc"),
  },
  "chunked content with trailers": {
    serve: listening((req, res) => {
      let text = "";
      req.setEncoding("utf8").on("data", (piece) => {
        text += piece;
      });
      req.on("end", () => res.end(JSON.stringify({ text, raw: req.rawTrailers, trailers: req.trailers })));
    }),
    send: "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\nx-t: 2\r\n\r\n",
  },
  "content that nobody reads": {
    serve: listening((req, res, log) => {
      req.on("end", () => log("end"));
      req.on("close", () => log("close", req.complete));
      res.end("x");
    }),
    send: post("abc", "") + LAST,
  },
  "content that is read later": {
    serve: listening((req, res) => {
      setImmediate(() => req.pipe(res));
    }),
    send: post("abc", "") + LAST,
  },
  "content that comes after the answer": {
    serve: listening((req, res, log) => {
      req.on("data", (piece) => log("data", piece));
      req.on("end", () => log("end"));
      res.end("early");
    }),
    send: [post("ab", "", 4), { after: "early", send: `cd${LAST}` }],
  },
  "content that comes after the answer, and that nobody reads": {
    serve: listening((req, res, log) => {
      req.on("end", () => log("end", req.complete));
      req.on("close", () => log("close"));
      res.on("close", () => setImmediate(() => log("answered", req.complete, req.readableEnded)));
      res.end("early");
    }),
    send: [post("ab", "", 4), { after: "early", send: `cd${LAST}` }],
  },
  "fields that come after the answer": {
    serve: listening((req, res, log) => {
      req.on("end", () => log("end", req.complete, JSON.stringify(req.trailers), req.rawTrailers));
      res.end("early");
    }),
    send: [
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
      { after: "early", send: `0\r\nX-T: 1\r\n\r\n${LAST}` },
    ],
  },
  "content that is answered, and of which the rest never comes": {
    serve: listening((req, res, log) => {
      for (const event of ["end", "aborted", "error", "close"]) req.on(event, () => log(event));
      res.end("early");
    }),
    send: post("ab", "", 4),
    until: "early",
  },
  "content that is complete before anybody reads it": {
    serve: listening((req, res, log) => {
      const wait = () => {
        if (!req.complete) return void setImmediate(wait);
        log("complete", req.readableEnded, req.readableLength);
        req.setEncoding("latin1");
        req.toArray().then((pieces) => res.end(pieces.join("")));
      };
      wait();
      res.writeProcessing();
    }),
    send: [post("ab", "", 4), { after: "102 Processing\r\n\r\n", send: `cd${LAST}` }],
  },
  "content that is complete before it is answered, and that nobody reads": {
    serve: listening((req, res, log) => {
      req.on("end", () => log("end"));
      const wait = () => {
        if (req.complete) res.end("late");
        else setImmediate(wait);
      };
      wait();
      res.writeProcessing();
    }),
    send: [post("", "", 2), { after: "102 Processing\r\n\r\n", send: `cd${LAST}` }],
  },
  "much content that nobody reads": {
    serve: listening((_, res) => res.end("early")),
    send: [post("", "", 2_097_152), { after: "early", send: "x".repeat(2_097_152) + LAST }],
  },
  "pipelined, answered out of order": {
    serve: (server, log) => {
      const waiting: ServerResponse[] = [];
      server.on("request", (req, res) => {
        log("socket", res.socket !== null);
        res.on("finish", () => log("finish", req.url));
        waiting.push(res);
        if (waiting.length < 3) return;
        for (const each of waiting.reverse()) each.end(`[${each.req.url}]`);
      });
    },
    send: GET.replace("/", "/1") + GET.replace("/", "/2") + LAST,
  },
  "write after the end": {
    serve: listening((_, res, log) => {
      res.on("error", (error) => log("error", (error as NodeJS.ErrnoException).code));
      res.end("x");
      res.write("y", (error) => log("callback", (error as NodeJS.ErrnoException).code));
    }),
    send: GET + LAST,
  },
  "what cannot be sent": {
    serve: listening((_, res, log) => {
      const attempts: (() => unknown)[] = [
        () => res.setHeader("X-A", "a\r\nb"),
        () => res.setHeader("X A", "a"),
        () => res.setHeader("X-A", undefined as unknown as string),
        () => res.writeHead(99),
        () => res.write(null),
        () => res.write(5),
      ];
      for (const attempt of attempts) {
        try {
          attempt();
          log("nothing thrown");
        } catch (error) {
          log((error as NodeJS.ErrnoException).code, error);
        }
      }
      res.end("x");
      try {
        res.setHeader("X-A", "a");
      } catch (error) {
        log((error as NodeJS.ErrnoException).code, error);
      }
    }),
    send: GET + LAST,
  },
  strictContentLength: {
    serve: listening((_, res, log) => {
      res.strictContentLength = true;
      res.setHeader("Content-Length", 1);
      try {
        res.end("xy");
      } catch (error) {
        log((error as NodeJS.ErrnoException).code);
        res.destroy();
      }
    }),
    send: GET,
  },
  rejectNonStandardBodyWrites: {
    options: { rejectNonStandardBodyWrites: true },
    serve: listening((_, res, log) => {
      res.writeHead(204);
      try {
        res.write("x");
      } catch (error) {
        log((error as NodeJS.ErrnoException).code);
      }
      res.end();
    }),
    send: GET + LAST,
  },
  "res.destroy": {
    serve: listening((req, res, log) => {
      req.on("close", () => log("req close"));
      res.on("close", () => log("res close", res.writableFinished));
      res.write("x");
      setImmediate(() => res.destroy());
    }),
    send: GET,
  },
  "req.destroy": {
    serve: listening((req, res, log) => {
      req.on("aborted", () => log("aborted"));
      req.on("error", (error) => log("error", (error as NodeJS.ErrnoException).code, error.message));
      req.on("close", () => log("req close"));
      res.on("close", () => log("res close"));
      req.destroy(new Error("mine"));
    }),
    send: post("a", "", 2),
  },
  "no HTTP": { serve: listening(() => {}), send: "this is no HTTP\r\n\r\n" },
  "a head that is too large": {
    options: { maxHeaderSize: 1000 },
    serve: listening(() => {}),
    send: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(2000)}\r\n\r\n`,
  },
  clientError: {
    serve: (server, log) => {
      server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
        log(error.code, socket.writable, socket === (error as unknown as { socket: unknown }).socket);
        socket.end("HTTP/1.1 418 Mine\r\n\r\n");
      });
    },
    send: "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
  },
  "chunks that are none": {
    serve: listening((req, res, log) => {
      req.on("error", (error) => log("error", (error as NodeJS.ErrnoException).code, error.message));
      req.on("aborted", () => log("aborted"));
      req.on("close", () => log("close", req.complete));
      req.resume();
      res.writeProcessing();
    }),
    send: [
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
      { after: "102 Processing\r\n\r\n", send: "xyz\r\n" },
    ],
  },
  "requests, before whoever else listens to their socket": {
    serve: (server, log) => {
      server.on("connection", (socket) => socket.on("data", (bytes: Buffer) => log("data", bytes)));
      server.on("request", (req, res) => {
        log("request", req.url);
        res.end("x");
      });
    },
    send: LAST,
  },
  "an upgrade, before whoever else listens to its socket": {
    serve: (server, log) => {
      server.on("connection", (socket) => socket.on("data", (bytes: Buffer) => log("data", bytes)));
      server.on("upgrade", (_, socket) => {
        log("upgrade");
        socket.end();
      });
    },
    send: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
  },
  upgrade: {
    serve: (server, log) => {
      server.on("upgrade", (req, socket, head) => {
        log(req.url, (req as Asking).upgrade, req.headers.upgrade, head, head instanceof Buffer);
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
        socket.on("data", (piece: Buffer) => socket.end(`[${piece}]`));
      });
    },
    send: [
      "GET /u HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhead",
      { after: "\r\n\r\n", send: "more" },
    ],
  },
  "upgrade that nobody takes": {
    serve: listening((req, res) => res.end(String((req as Asking).upgrade))),
    send: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: x\r\n\r\n",
  },
  CONNECT: {
    serve: (server, log) => {
      server.on("connect", (req, socket, head) => {
        log(req.method, req.url, head);
        socket.end("HTTP/1.1 200 OK\r\n\r\nhi");
      });
    },
    send: "CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\nhead",
  },
  "CONNECT that nobody takes": { serve: listening(() => {}), send: "CONNECT b:1 HTTP/1.1\r\nHost: b:1\r\n\r\n" },
  "a socket that times out": {
    serve: (server, log) => {
      server.setTimeout(50, () => log("server timeout"));
      server.on("request", (_, res) => {
        res.setTimeout(20, () => {
          log("res timeout");
          res.end("late");
        });
      });
    },
    send: LAST,
  },
  "HTTP/1.1 without Host": { serve: listening((_, res) => res.end("x")), send: "GET / HTTP/1.1\r\n\r\n" },
  "HTTP/1.1 without Host, where none is required": {
    options: { requireHostHeader: false },
    serve: listening((req, res) => res.end(String(req.headers.host))),
    send: `GET / HTTP/1.1\r\n\r\n${LAST}`,
  },
  "a Host that is none": {
    serve: listening((req, res) => res.end(req.headers.host)),
    send: `GET / HTTP/1.1\r\nHost: http://a b\r\n\r\n${LAST}`,
  },
  "targets that are none": {
    serve: listening((req, res) => res.end(req.url)),
    send:
      ['/<"a">', "/a#b", "*", "http://u:p@h/", "ftp://h:99999/a", "http://"]
        .map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
        .join("") + LAST,
  },
  "an expectation that is not known": {
    serve: listening((_, res) => res.end("x")),
    send: `GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n${LAST}`,
  },
  "an expectation that somebody knows": {
    serve: (server, log) => {
      server.on("request", (_, res) => res.end("x"));
      server.on("checkExpectation", (req, res) => {
        log(req.headers.expect);
        res.end("known");
      });
    },
    send: `POST / HTTP/1.1\r\nHost: a\r\nExpect: more\r\nContent-Length: 2\r\n\r\nhi${LAST}`,
  },
  "a socket that nobody waits for": {
    serve: (server) => {
      server.timeout = 20;
      server.on("request", () => {});
    },
    send: GET,
  },
};

test.each(Object.entries(plays))("%s", async (_, what) => {
  const { theirs, ours } = await playBoth(what);
  expect(ours).toEqual(theirs);
});

interface Difference extends Play {
  readonly why: string;
  /** What this server sends in place of what node:http does. */
  readonly ours: RegExp;
  readonly theirs: RegExp;
}

/** Where this server differs. */
const differences: Record<string, Difference> = {
  "content that is wrong where it begins": {
    why: "what comes in one piece is read before anybody is told",
    serve: listening((_, res) => res.end("x")),
    send: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ours: /^HTTP\/1.1 400 /,
    theirs: /^HTTP\/1.1 200 /,
  },
  "framing beyond maxHeadersCount": {
    why: "Node 20 leaves it out, so that who hands the request on does not know where it ends; later ones refuse it",
    serve: (server) => {
      server.maxHeadersCount = 1;
      server.on("request", (_, res) => res.end("x"));
    },
    send: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
    ours: /^HTTP\/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n/,
    theirs: /^HTTP\/1.1 (200|431) /,
  },
  "a method that nobody has registered": {
    why: "there is no list of methods that may be used",
    serve: listening((req, res) => res.end(req.method)),
    send: "PURGEALL / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ours: /^HTTP\/1.1 200 .*PURGEALL$/s,
    theirs: /^HTTP\/1.1 400 /,
  },
};

test.each(Object.entries(differences))("differs: %s", async (_, what) => {
  const { theirs, ours } = await playBoth(what);
  expect(theirs.received).toMatch(what.theirs);
  expect(ours.received).toMatch(what.ours);
});
