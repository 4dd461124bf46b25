/** An application that uses much of Express, and what goes on below it. */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, gzipSync } from "node:zlib";
import express, { type NextFunction, type Request, type Response, Router } from "express";

/** What a request was, as whoever serves it sees it. */
export function describeRequest(req: IncomingMessage): Record<string, unknown> {
  const { method, url, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders, headers, headersDistinct } = req;
  return { method, url, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders, headers, headersDistinct };
}

/** Reads a request, and tells what came. */
export async function readRequest(req: IncomingMessage): Promise<Record<string, unknown>> {
  const hash = createHash("sha1");
  let size = 0;
  for await (const chunk of req) {
    hash.update(chunk);
    size += chunk.length;
  }
  const { complete, rawTrailers, trailers } = req;
  return { size, sha1: hash.digest("hex"), complete, rawTrailers, trailers };
}

function addContent(app: express.Express): void {
  app.get("/", (_req, res) => void res.send("Hello"));
  app.get("/html", (_req, res) => void res.send("<p>é</p>"));
  app.get("/json", (_req, res) => void res.json({ a: [1, "é", null], b: { c: true } }));
  app.get("/buffer", (_req, res) => void res.send(Buffer.from([0, 1, 255])));
  app.get("/latin1", (_req, res) => void res.set("Content-Type", "text/plain; charset=latin1").send("é"));
  app.get("/empty", (_req, res) => void res.send(""));
  app.get("/end", (_req, res) => void res.end());
  app.get("/end-text", (_req, res) => void res.end("no type"));
  app.get("/large", (_req, res) => void res.send("0123456789".repeat(30_000)));
  app.get("/status/:code", (req, res) => void res.sendStatus(Number(req.params.code)));
  app.get("/json-status/:code", (req, res) => void res.status(Number(req.params.code)).json({ code: req.params.code }));
  app.get("/jsonp", (_req, res) => void res.jsonp({ a: "</script>" }));
  app.get("/gzip", (req, res) => {
    res.vary("Accept-Encoding");
    if (req.acceptsEncodings("gzip")) res.set("Content-Encoding", "gzip").send(gzipSync("packed ".repeat(100)));
    else res.send("packed ".repeat(100));
  });
  app.get("/gzip-stream", async (_req, res) => {
    res.set("Content-Encoding", "gzip");
    await pipeline(Readable.from(["packed ".repeat(100)]), createGzip(), res);
  });
}

function addHeads(app: express.Express): void {
  app.get("/cookies", (_req, res) => {
    res.cookie("a", "1 2").cookie("b", { c: 1 }, { httpOnly: true, maxAge: 0, sameSite: "lax", expires: new Date(0) });
    res.clearCookie("old", { path: "/cookies" }).send("set");
  });
  app.get("/redirect/:code", (req, res) => res.redirect(Number(req.params.code), "/näher?a=b"));
  app.get("/redirect", (_req, res) => res.redirect("/"));
  app.get("/location", (_req, res) => void res.location("https://example.org/ü").status(201).end());
  app.get("/format", (_req, res) => {
    res.format({ text: () => res.send("text"), html: () => res.send("<b>"), json: () => res.send({ as: "json" }) });
  });
  app.get("/fields", (_req, res) => {
    res.append("Link", ["<a>", "<b>"]).append("Warning", "199 x").links({ next: "/n" }).vary("Accept").vary("Origin");
    res.set({ "X-A": "1", "x-b": "two" }).type("png").attachment("ü.png").send(Buffer.from("png"));
  });
  app.get("/removed", (_req, res) => {
    res.removeHeader("X-Powered-By");
    res.removeHeader("Connection");
    res.sendDate = false;
    res.end("bare");
  });
  app.get("/write-head", (_req, res) => {
    res.writeHead(202, "Taken In", { "X-One": "1", "X-Many": ["a", "b"] }).end("taken");
  });
  app.get("/write-head-raw", (_req, res) => {
    res.removeHeader("X-Powered-By");
    res.writeHead(200, ["X-Raw", "1", "x-raw", "2", "Content-Length", "3"]).end("raw");
  });
  app.get("/reason", (_req, res) => {
    res.statusMessage = "As You Wish";
    res.status(299).send("odd");
  });
  app.get("/connection-close", (_req, res) => void res.set("Connection", "close").send("last"));
  app.get("/length-of-head", (_req, res) => void res.set("Content-Length", "1234").status(200).end());
  app.get("/fresh", (req, res) => {
    res.set("ETag", '"v1"').set("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT");
    res.send(`fresh: ${req.fresh}`);
  });
  app.get("/not-modified", (_req, res) => void res.status(304).set("ETag", '"x"').send("dropped"));
  app.get("/reset-content", (_req, res) => void res.status(205).send("dropped"));
}

function addStreams(app: express.Express): void {
  app.get("/stream", (_req, res) => {
    res.write("one ");
    res.write("two ");
    res.end("three");
  });
  app.get("/stream-later", (_req, res) => {
    res.flushHeaders();
    setImmediate(() => {
      res.write("later ");
      setImmediate(() => res.end("latest"));
    });
  });
  app.get("/stream-length", (_req, res) => {
    res.set("Content-Length", "6");
    res.write("abc");
    res.end("def");
  });
  app.get("/stream-encodings", (_req, res) => {
    res.write("e9", "hex");
    res.write("é", "latin1");
    res.write("é", "utf8");
    res.write("");
    res.end(Buffer.from("end"));
  });
  app.get("/pipe", (_req, res) => void Readable.from(["piped ", "in ", "parts"]).pipe(res));
  app.get("/pipe-large", (_req, res) => {
    Readable.from(Array.from({ length: 20 }, (_, at) => String(at % 10).repeat(30_000))).pipe(res);
  });
  app.get("/corked", (_req, res) => {
    res.cork();
    res.write("a");
    res.write("b");
    process.nextTick(() => {
      res.uncork();
      res.end();
    });
  });
  app.get("/trailers", (req, res) => {
    // Where there can be none, Node throws for the field.
    if (req.method === "GET" && req.httpVersion === "1.1") res.set("Trailer", "X-Sum, X-Other");
    res.write("with ");
    res.addTrailers({ "X-Sum": "9", "X-Other": "o" });
    res.end("trailers");
  });
  app.get("/early-hints", (_req, res) => {
    res.writeEarlyHints({ link: ["</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"], "x-e": "1" });
    res.send("hinted");
  });
  app.get("/processing", (_req, res) => {
    res.writeProcessing();
    res.writeProcessing();
    res.send("processed");
  });
  app.get("/cut", (_req, res) => {
    res.write("begun");
    setImmediate(() => res.destroy());
  });
  app.get("/cut-before", (_req, res) => void res.destroy());
}

function addErrors(app: express.Express): void {
  app.get("/throws", () => {
    throw new Error("thrown");
  });
  app.get("/rejects", async () => {
    throw Object.assign(new Error("rejected"), { status: 503 });
  });
  app.get("/next", (_req, _res, next) => next(Object.assign(new Error("passed"), { status: 418 })));
  app.get("/bad-field", (_req, res) => void res.set("X-Bad", "a\nb").send("never"));
  app.get("/bad-status", (_req, res) => void res.writeHead(99));
  app.get("/head-twice", (_req, res) => {
    res.send("first");
    res.set("X-Late", "1");
  });
  app.get("/end-twice", (_req, res) => {
    res.on("error", () => {});
    res.end("first");
    res.end("second");
    res.write("third");
  });
}

function addBodies(app: express.Express): void {
  app.post("/json", express.json(), (req, res) => void res.json({ got: req.body }));
  app.post("/json-small", express.json({ limit: 10 }), (req, res) => void res.json({ got: req.body }));
  app.post("/form", express.urlencoded({ extended: true }), (req, res) => void res.json({ got: req.body }));
  app.post("/text", express.text({ type: "*/*" }), (req, res) => void res.send({ got: req.body }));
  app.post("/raw", express.raw({ type: "*/*" }), (req, res) => void res.send(req.body));
  app.all("/read", async (req, res) => void res.json({ ...describeRequest(req), ...(await readRequest(req)) }));
  app.post("/echo", (req, res) => {
    res.type("bin");
    req.pipe(res);
  });
  app.post("/unread", (_req, res) => void res.send("not read"));
  app.post("/half-read", (req, res) => void req.once("data", () => res.send("read some")));
  app.post("/slow", (req, res) => {
    setTimeout(async () => res.json(await readRequest(req)), 5);
  });
}

function addRouting(app: express.Express, files: string): void {
  app.param("user", (req, _res, next, user) => {
    (req as Request & { user?: string }).user = `user ${user}`;
    next();
  });
  app.get("/users/:user", (req, res) => void res.send((req as Request & { user?: string }).user));
  app.get("/users/:id/posts{/:post}", (req, res) => void res.json(req.params));
  app.get("/any/*rest", (req, res) => void res.json(req.params));
  app.all("/all", (req, res) => void res.send(req.method));
  app
    .route("/route")
    .get((_req, res) => void res.send("got"))
    .put((_req, res) => void res.send("put"));
  const api = Router({ strict: true });
  api.use((_req, res, next) => {
    res.set("X-Api", "1");
    next();
  });
  api.get("/where", ({ url, originalUrl, baseUrl, path }, res) => void res.json({ url, originalUrl, baseUrl, path }));
  api.get("/skip", (_req, _res, next) => next("router"));
  app.use("/api", api);
  app.get("/query", (req, res) => void res.json(req.query));
  app.get("/request", (req, res) => {
    const { hostname, protocol, ip, originalUrl, subdomains, xhr, secure, path } = req;
    const accepts = req.accepts(["json", "html"]);
    const type = req.get("content-type") ?? null;
    res.json({ hostname, protocol, ip, originalUrl, subdomains, xhr, secure, path, accepts, type });
  });
  app.get("/delayed", (_req, res) => void setTimeout(() => res.send("delayed"), 5));
  app.get("/file", (_req, res) => res.sendFile("a.txt", { root: files, maxAge: 1000, headers: { "X-File": "1" } }));
  app.get("/no-file", (_req, res) => res.sendFile("missing.txt", { root: files }));
  app.get("/download", (_req, res) => res.download("a.txt", "näme.txt", { root: files }));
  app.use("/static", express.static(files, { dotfiles: "deny", extensions: ["txt"] }));
}

/** `files` is the folder that is served. */
export function makeExpressApp(files: string): (req: IncomingMessage, res: ServerResponse) => void {
  const app = express();
  app.set("query parser", "extended");
  addContent(app);
  addHeads(app);
  addStreams(app);
  addErrors(app);
  addBodies(app);
  addRouting(app, files);
  app.use((error: Error & { status?: number }, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) next(error);
    else res.status(error.status ?? 500).send(`error: ${error.message.replaceAll(files, "files")}`);
  });
  return app;
}
