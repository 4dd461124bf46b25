/** An application that uses much of Koa. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import Koa, { type Context } from "koa";
import { describeRequest, readRequest } from "./express-app.ts";

const ROUTES: Record<string, (ctx: Context) => unknown> = {
  "/": (ctx) => {
    ctx.body = "Hello";
  },
  "/html": (ctx) => {
    ctx.body = "<p>é</p>";
  },
  "/json": (ctx) => {
    ctx.body = { a: [1, "é", null] };
  },
  "/buffer": (ctx) => {
    ctx.body = Buffer.from([0, 1, 255]);
  },
  "/stream": (ctx) => {
    ctx.body = Readable.from(["one ", "two ", "three"]);
  },
  "/stream-typed": (ctx) => {
    ctx.type = "text/csv";
    ctx.length = 6;
    ctx.body = Readable.from(["a,b", ",c\n"]);
  },
  "/stream-large": (ctx) => {
    ctx.body = Readable.from(Array.from({ length: 20 }, (_, at) => String(at % 10).repeat(30_000)));
  },
  "/blob": (ctx) => {
    ctx.body = new Blob(["blob"], { type: "text/x-blob" });
  },
  "/web-stream": (ctx) => {
    ctx.body = new Blob(["of the web"]).stream();
  },
  "/fetched": (ctx) => {
    ctx.body = new Response("response", { status: 203, headers: { "X-Fetched": "1", "Content-Type": "text/x-f" } });
  },
  "/null": (ctx) => {
    ctx.body = null;
  },
  "/empty": (ctx) => {
    ctx.body = "";
  },
  "/none": () => {},
  "/created": (ctx) => {
    ctx.status = 201;
  },
  "/reason": (ctx) => {
    ctx.status = 299;
    ctx.message = "As You Wish";
    ctx.body = "odd";
  },
  "/cookies": (ctx) => {
    ctx.cookies.set("a", "1", { httpOnly: false });
    ctx.cookies.set("b", "2", { maxAge: 0, expires: new Date(0), sameSite: "strict" });
    ctx.body = { x: ctx.cookies.get("x") ?? null };
  },
  "/redirect": (ctx) => ctx.redirect("/näher"),
  "/back": (ctx) => ctx.back("/fallback"),
  "/fields": (ctx) => {
    ctx.set({ "X-A": "1", "X-Many": ["a", "b"] });
    ctx.append("Link", ["<a>", "<b>"]);
    ctx.vary("Accept");
    ctx.attachment("ü.txt");
    ctx.body = "fields";
  },
  "/fresh": (ctx) => {
    ctx.status = 200;
    ctx.etag = "v1";
    ctx.lastModified = new Date(0);
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = "stale";
  },
  "/format": (ctx) => {
    const type = ctx.accepts("json", "html", "text");
    if (type === "json") ctx.body = { as: "json" };
    else if (type === "html") ctx.body = "<b>";
    else if (type === "text") ctx.body = "text";
    else ctx.throw(406, "json, html, or text only");
  },
  "/request": (ctx) => {
    const { method, url, origin, href, path, querystring, host, hostname, protocol, secure, ip, length, type } = ctx;
    ctx.body = { method, url, origin, href, path, querystring, host, hostname, protocol, secure, ip, length, type };
  },
  "/read": async (ctx) => {
    ctx.body = { ...describeRequest(ctx.req), ...(await readRequest(ctx.req)) };
  },
  "/unread": (ctx) => {
    ctx.body = "not read";
  },
  "/throws": () => {
    throw new Error("thrown");
  },
  "/throws-told": (ctx) => ctx.throw(403, "for you", { headers: { "X-Why": "told" } }),
  "/assert": (ctx) => ctx.assert(ctx.query.user, 401, "user?"),
  "/stream-fails": (ctx) => {
    ctx.body = Readable.from(
      (async function* () {
        yield "begun";
        throw new Error("in the middle");
      })(),
    );
  },
  "/by-hand": (ctx) => {
    ctx.respond = false;
    ctx.res.writeHead(200, { "X-By": "hand" });
    ctx.res.end("by hand");
  },
  "/flushed": async (ctx) => {
    ctx.status = 200;
    ctx.type = "text";
    ctx.flushHeaders();
    await new Promise(setImmediate);
    ctx.res.end("flushed");
  },
};

export const KOA_PATHS: readonly string[] = Object.keys(ROUTES);

export function makeKoaApp(): (req: IncomingMessage, res: ServerResponse) => void {
  const app = new Koa();
  app.silent = true;
  app.use(async (ctx, next) => {
    ctx.set("X-Before", "1");
    await next();
    if (!ctx.headerSent) ctx.set("X-After", "1");
  });
  app.use(async (ctx) => {
    await ROUTES[ctx.path]?.(ctx);
  });
  return app.callback();
}
