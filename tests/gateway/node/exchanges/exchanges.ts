/** What is sent to applications of Express and Koa, byte by byte: one row an exchange. */
import { KOA_PATHS } from "./koa-app.ts";

export interface SentExchange {
  /** What it is about; no two have the same. */
  readonly name: string;
  readonly app: "express" | "koa";
  /** What the client sends, in one write each; it then waits for the server to close. */
  readonly writes: readonly string[];
  /** What must have come before the client goes on to its second write. */
  readonly awaits?: string;
  /** Whether the chunks of the answer are pieces as they were read, which may be cut anywhere. */
  readonly inPieces?: boolean;
}

const CLOSE = "Connection: close\r\n";

/** A request whose answer is the last. */
function message(line: string, fields = "", body = ""): string {
  return `${line} HTTP/1.1\r\nHost: example.org\r\n${fields}${CLOSE}\r\n${body}`;
}

function withLength(line: string, type: string, body: string): string {
  const size = Buffer.byteLength(body, "latin1");
  return message(line, `${type === "" ? "" : `Content-Type: ${type}\r\n`}Content-Length: ${size}\r\n`, body);
}

function inChunks(line: string, type: string, body: string, trailers = ""): string {
  const half = body.length >> 1;
  const chunks = [body.slice(0, half), body.slice(half)].filter((chunk) => chunk !== "");
  const sent = chunks.map((chunk) => `${chunk.length.toString(16)};ext=1\r\n${chunk}\r\n`).join("");
  const head = `${type === "" ? "" : `Content-Type: ${type}\r\n`}Transfer-Encoding: chunked\r\n`;
  return message(line, head, `${sent}0\r\n${trailers}\r\n`);
}

/** Paths of Express that are asked for by several methods. */
const PATHS =
  "/ /html /json /buffer /latin1 /empty /end /end-text /large /status/204 /status/304 /status/404 /status/500 /status/999 /json-status/201 /jsonp?callback=cb /gzip /gzip-stream /cookies /redirect /redirect/301 /redirect/308 /location /format /fields /removed /write-head /write-head-raw /reason /connection-close /length-of-head /fresh /not-modified /reset-content /stream /stream-later /stream-length /stream-encodings /pipe /pipe-large /corked /trailers /early-hints /processing /cut /cut-before /throws /rejects /next /bad-field /bad-status /head-twice /end-twice /users/ada /users/%C3%A9 /users/7/posts /users/7/posts/9 /any/a/b%20c /all /route /api/where?x=1 /api/where/ /api/skip /query?a=1&a=2&b[c]=3&d=%20+ /request /read /file /no-file /download /static/a.txt /static/a /static/ /static /static/sub /static/sub/ /static/data.bin /static/with%20space.txt /static/.hidden /static/%2e%2e/secret /static/missing /nowhere".split(
    " ",
  );

const METHODS = ["GET", "HEAD"] as const;

/** Fields that change what is answered. */
const CONDITIONS: readonly (readonly [path: string, fields: string])[] = [
  ["/", 'If-None-Match: W/"5-9/+ei3uy4Jtwk1pdeF4MxdnQq/A"'],
  ["/", "If-None-Match: *"],
  ["/", 'If-None-Match: "other"'],
  ["/fresh", 'If-None-Match: "v1"'],
  ["/fresh", "If-Modified-Since: Wed, 01 Jan 2020 00:00:00 GMT"],
  ["/fresh", 'If-None-Match: "v1"\r\nCache-Control: no-cache'],
  ["/format", "Accept: text/html"],
  ["/format", "Accept: application/json;q=0.5, text/plain;q=0.4"],
  ["/format", "Accept: image/png"],
  ["/gzip", "Accept-Encoding: gzip"],
  ["/gzip", "Accept-Encoding: gzip;q=0, identity"],
  ["/static/a.txt", "Range: bytes=0-9"],
  ["/static/a.txt", "Range: bytes=-5"],
  ["/static/a.txt", "Range: bytes=990-"],
  ["/static/a.txt", "Range: bytes=0-1,3-4"],
  ["/static/a.txt", "Range: bytes=5000-"],
  ["/static/a.txt", "Range: lines=1-2"],
  ["/static/a.txt", 'Range: bytes=0-9\r\nIf-Range: "no"'],
  ["/static/a.txt", "If-Modified-Since: Wed, 01 Jan 2020 00:00:00 GMT"],
  ["/static/a.txt", "If-Modified-Since: Tue, 31 Dec 2019 00:00:00 GMT"],
  ["/static/a.txt", "If-Unmodified-Since: Tue, 31 Dec 2019 00:00:00 GMT"],
  ["/static/a.txt", 'If-Match: "no"'],
  ["/static/a.txt", "If-None-Match: *"],
  ["/file", "Range: bytes=10-19"],
  ["/download", "Range: bytes=-1"],
  ["/cookies", "Cookie: a=1; b=2"],
  ["/request", "X-Requested-With: XMLHttpRequest\r\nX-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https"],
  ["/request", "Accept: text/html, */*;q=0.1\r\nContent-Type: text/x"],
  ["/read", "X-Twice: 1\r\nx-twice: 2\r\nSet-Cookie: a\r\nset-cookie: b\r\nCookie: a=1\r\nCookie: b=2"],
  ["/read", "Age: 1\r\nAge: 2\r\nUser-Agent: one\r\nUser-Agent: two\r\nX-Empty:\r\nX-Padded:  \t padded \t "],
  ["/read", "X-Latin: \xe9\xff\r\n__proto__: x\r\nconstructor: y"],
  ["/read", `X-Long: ${"l".repeat(6000)}`],
  ["/read", Array.from({ length: 80 }, (_, at) => `X-${at}: ${at}`).join("\r\n")],
  ["/trailers", "TE: trailers"],
];

const BODIES: readonly (readonly [line: string, type: string, body: string])[] = [
  ["POST /json", "application/json", '{"a":[1,2,{"b":"\xc3\xa9"}]}'],
  ["POST /json", "application/json; charset=utf-8", "[]"],
  ["POST /json", "application/json", '{"a":'],
  ["POST /json", "application/json", ""],
  ["POST /json", "application/json; charset=x-unknown", "{}"],
  ["POST /json", "text/plain", "{}"],
  ["POST /json-small", "application/json", '{"long":"than ten"}'],
  ["POST /form", "application/x-www-form-urlencoded", "a=1&a=2&b[c]=%20+&d"],
  ["POST /form", "application/x-www-form-urlencoded", ""],
  ["POST /text", "text/plain; charset=iso-8859-1", "caf\xe9"],
  ["POST /text", "", "untyped"],
  ["POST /raw", "application/octet-stream", "\0\x01\xff"],
  ["POST /raw", "x/y", "r".repeat(90_000)],
  ["POST /echo", "", "echo"],
  ["POST /echo", "", "e".repeat(300_000)],
  ["POST /read", "text/plain", "read"],
  ["PUT /read", "", "p".repeat(100_000)],
  ["PATCH /read", "", ""],
  ["DELETE /read", "", "with content"],
  ["GET /read", "", "even here"],
  ["POST /unread", "", "unread"],
  ["POST /half-read", "", "half"],
  ["POST /slow", "", "slow"],
  ["POST /nowhere", "", "nobody"],
];

/** Exchanges that are about the connection; each is one text or more, sent one after the other. */
const CONNECTIONS: readonly (readonly [name: string, ...writes: string[]])[] = [
  ["two in one write", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"],
  [
    "many, of which the first is the slowest",
    `GET /delayed HTTP/1.1\r\nHost: a\r\n\r\nGET /stream HTTP/1.1\r\nHost: a\r\n\r\nHEAD /json HTTP/1.1\r\nHost: a\r\n\r\nGET /trailers HTTP/1.1\r\nHost: a\r\n\r\n${message("GET /early-hints")}`,
  ],
  ["twelve in one write", `${"GET /json HTTP/1.1\r\nHost: a\r\n\r\n".repeat(11)}${message("GET /pipe")}`],
  [
    "content between them",
    `POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcPOST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n0\r\nX-T: 1\r\n\r\n${message("GET /")}`,
  ],
  ["content nobody reads", `POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd${message("GET /")}`],
  ["errors between them", `GET /throws HTTP/1.1\r\nHost: a\r\n\r\n${message("GET /rejects")}`],
  ["one after the last", `${message("GET /")}GET /json HTTP/1.1\r\nHost: a\r\n\r\n`],
  ["the application closes", `GET /connection-close HTTP/1.1\r\nHost: a\r\n\r\n${message("GET /json")}`],
  ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"],
  ["HTTP/1.0, with Host", "GET /request HTTP/1.0\r\nHost: a\r\n\r\n"],
  ["HTTP/1.0, streamed", "GET /stream HTTP/1.0\r\n\r\n"],
  ["HTTP/1.0, HEAD", "HEAD /json HTTP/1.0\r\n\r\n"],
  ["HTTP/1.0, trailers", "GET /trailers HTTP/1.0\r\n\r\n"],
  ["HTTP/1.0, hints", "GET /write-head HTTP/1.0\r\n\r\n"],
  ["HTTP/1.0, kept", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /json HTTP/1.0\r\nConnection: close\r\n\r\n"],
  ["HTTP/1.0, kept, streamed", "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"],
  ["HTTP/1.0, with content", "POST /echo HTTP/1.0\r\nContent-Length: 4\r\n\r\nabcd"],
  ["keep-alive asked for", `GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n${message("GET /json")}`],
  ["Expect, with the content", message("POST /read", "Expect: 100-continue\r\nContent-Length: 4\r\n", "abcd")],
  ["Expect, in capitals", message("POST /read", "Expect: 100-CONTINUE\r\nContent-Length: 4\r\n", "abcd")],
  ["Expect of something else", message("POST /read", "Expect: the-unexpected\r\nContent-Length: 4\r\n", "abcd")],
  ["an absolute target", message("GET http://other.example/request?x=1")],
  ["an asterisk", message("OPTIONS *")],
  ["OPTIONS of a path", message("OPTIONS /json")],
  ["OPTIONS of a route", message("OPTIONS /route")],
  ["OPTIONS of nothing", message("OPTIONS /nowhere")],
  ["a method without a route", message("DELETE /json")],
  ["a method for all", message("PROPFIND /all")],
  ["TRACE", message("TRACE /all")],
  ["an upgrade nobody speaks", message("GET /request", "Upgrade: h2c\r\n").replace("close", "close, upgrade")],
  ["empty lines first", `\r\n\r\n${message("GET /")}`],
  ["a port in Host", "GET /request HTTP/1.1\r\nHost: example.org:8080\r\nConnection: close\r\n\r\n"],
  ["an address in Host", "GET /request HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n"],
  ["names in any case", "GET /read HTTP/1.1\r\nhOsT: a\r\ncONNECTION: CLOSE\r\n\r\n"],
  ["the target is read as it is", message("GET /read?a=%zz&b='|{}[]^`\\")],
  ["the target has quotes", message('GET /read?"')],
  ["several slashes", message("GET //read///x")],
  ["a head in pieces", "GET / HT", "TP/1.1\r\nHo", "st: a\r\nConnection: close\r\n\r", "\n"],
  ["content in pieces", message("POST /read", "Content-Length: 9\r\n", "abc"), "def", "ghi"],
  ["chunks in pieces", message("POST /read", "Transfer-Encoding: chunked\r\n", "5\r\nab"), "cde\r", "\n0\r\n\r\n"],
  ["no Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"],
  ["no HTTP", "hello\r\n\r\n"],
  ["a target with a space", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a wrong name", message("GET /", "Bad Name: 1\r\n")],
  ["no colon", message("GET /", "NoColon\r\n")],
  ["a control byte", message("GET /", "X-A: a\x01b\r\n")],
  ["two lengths", message("POST /read", "Content-Length: 1\r\nContent-Length: 2\r\n", "a")],
  ["a length that is none", message("POST /read", "Content-Length: 1x\r\n", "a")],
  ["both framings", message("POST /read", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")],
  ["chunked twice", message("POST /read", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")],
  ["not chunked last", message("POST /read", "Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")],
  ["a chunk size that is none", message("POST /unread", "Transfer-Encoding: chunked\r\n", "zz\r\n")],
  ["HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"],
  ["a head too large", message("GET /", `X-Large: ${"l".repeat(20_000)}\r\n`)],
  ["an error after a good one", "GET / HTTP/1.1\r\nHost: a\r\n\r\nnot HTTP\r\n\r\n"],
  ["two Hosts", "GET /request HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"],
  ["a Host that is none", "GET /request HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"],
  ["a method nobody knows", message("FROB /all")],
  ["a folded line", message("GET /read", "X-Folded: a\r\n b\r\n")],
];

/** Fields and lines for Koa. */
const KOA: readonly (readonly [line: string, fields: string])[] = [
  ["GET /cookies", "Cookie: x=5"],
  ["GET /fresh", 'If-None-Match: "v1"'],
  ["GET /fresh", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"],
  ["GET /format", "Accept: text/html"],
  ["GET /format", "Accept: image/png"],
  ["GET /back", "Referer: http://example.org/before"],
  ["GET /back", "Referer: http://elsewhere.example/before"],
  ["GET /assert?user=1", "X: 1"],
  ["GET /request?a=1", "X-Forwarded-Host: proxied.example"],
  ["GET http://other.example/request", "X: 1"],
  ["DELETE /json", "X: 1"],
  ["OPTIONS /json", "X: 1"],
];

const KOA_BODIES = BODIES.filter(([line]) => / \/(read|unread|nowhere)$/.test(line));

function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\r\n")).slice(0, 60);
}

function* all(): Generator<SentExchange> {
  for (const path of PATHS) {
    for (const method of METHODS) {
      yield { name: `${method} ${path}`, app: "express", writes: [message(`${method} ${path}`)] };
    }
  }
  for (const [path, fields] of CONDITIONS) {
    for (const method of METHODS) {
      const name = `${method} ${path} with ${fields.replaceAll("\r\n", ", ").slice(0, 60)}`;
      yield { name, app: "express", writes: [message(`${method} ${path}`, `${fields}\r\n`)] };
    }
  }
  for (const [line, type, body] of BODIES) {
    const what = `${line} ${type} of ${body.length} bytes (${JSON.stringify(body.slice(0, 12))})`;
    const inPieces = line === "POST /echo";
    yield { name: what, app: "express", writes: [withLength(line, type, body)], inPieces };
    const chunked = inChunks(line, type, body, "X-Sum: 1\r\n");
    yield { name: `${what}, chunked`, app: "express", writes: [chunked], inPieces };
  }
  for (const [name, ...writes] of CONNECTIONS) yield { name, app: "express", writes };
  yield {
    name: "Expect, then the content",
    app: "express",
    writes: [message("POST /read", "Expect: 100-continue\r\nContent-Length: 4\r\n"), "abcd"],
    awaits: "HTTP/1.1 100 Continue\r\n\r\n",
  };
  for (const path of KOA_PATHS) {
    for (const method of METHODS) {
      yield { name: `koa: ${method} ${path}`, app: "koa", writes: [message(`${method} ${path}`)] };
    }
    yield { name: `koa: GET ${path} HTTP/1.0`, app: "koa", writes: [`GET ${path} HTTP/1.0\r\n\r\n`] };
  }
  for (const [line, fields] of KOA) {
    yield {
      name: `koa: ${line} with ${firstLine(`${fields}\r\n`)}`,
      app: "koa",
      writes: [message(line, `${fields}\r\n`)],
    };
  }
  for (const [line, type, body] of KOA_BODIES) {
    yield { name: `koa: ${line} of ${body.length} bytes`, app: "koa", writes: [withLength(line, type, body)] };
    yield { name: `koa: ${line} of ${body.length} bytes, chunked`, app: "koa", writes: [inChunks(line, type, body)] };
  }
}

export const EXCHANGES: readonly SentExchange[] = [...all()];
