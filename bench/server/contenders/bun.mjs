/** Contender: Bun.serve with its own routes, which is µWebSockets in C++ under handlers in JavaScript. */

import { HOST, MAX_CONTENT, PORT, ready } from "../../load/child.mjs";
import { MESSAGE, PIECE, pieces } from "../content.mjs";

const OCTETS = { headers: { "Content-Type": "application/octet-stream" } };

const server = Bun.serve({
  hostname: HOST,
  port: PORT,
  maxRequestBodySize: MAX_CONTENT,
  routes: {
    "/json": {
      GET: () => Response.json(MESSAGE),
      POST: async (request) => {
        const { id } = await request.json();
        return Response.json({ id });
      },
    },
    // Bun closes without saying so, and wrk, which would send again, takes that for an error.
    "/close": () => Response.json(MESSAGE, { headers: { Connection: "close" } }),
    "/browser": ({ headers }) =>
      Response.json({
        agent: headers.get("user-agent").length,
        language: headers.get("accept-language").length,
        cookie: headers.get("cookie").length,
      }),
    "/async": async () => {
      await Promise.resolve();
      return Response.json(MESSAGE);
    },
    "/bytes": () => new Response(PIECE, OCTETS),
    "/stream": () => new Response(pieces, OCTETS),
    "/upload": {
      POST: async (request) => {
        let length = 0;
        for await (const piece of request.body) length += piece.length;
        return Response.json({ length });
      },
    },
  },
});
ready(server.port);
