/** Contender: Deno.serve, which is hyper in Rust under a handler in JavaScript. */

import { HOST, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, PIECE, pieces } from "../content.mjs";

const OCTETS = { headers: { "Content-Type": "application/octet-stream" } };

/** @type {Record<string, (request: Request) => Response | Promise<Response>>} */
const routes = {
  "GET /json": () => Response.json(MESSAGE),
  "GET /close": () => Response.json(MESSAGE),
  "GET /browser": ({ headers }) =>
    Response.json({
      agent: headers.get("user-agent").length,
      language: headers.get("accept-language").length,
      cookie: headers.get("cookie").length,
    }),
  "GET /async": async () => {
    await Promise.resolve();
    return Response.json(MESSAGE);
  },
  "POST /json": async (request) => {
    const { id } = await request.json();
    return Response.json({ id });
  },
  "GET /bytes": () => new Response(PIECE, OCTETS),
  "GET /stream": () => new Response(ReadableStream.from(pieces()), OCTETS),
  "POST /upload": async (request) => {
    let length = 0;
    for await (const piece of request.body) length += piece.length;
    return Response.json({ length });
  },
};

Deno.serve({ hostname: HOST, port: PORT, onListen: ({ port }) => ready(port) }, (request) => {
  const { url } = request;
  const path = url.slice(url.indexOf("/", "http://".length));
  return routes[`${request.method} ${path}`]?.(request) ?? new Response(null, { status: 404 });
});
