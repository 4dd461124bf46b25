/** What both engine examples serve: each request is answered with what was read of it. */
import { ConnectionGroup, type Exchange } from "pyrois/h1";
import type { ParseError } from "pyrois/parser";

async function answer(exchange: Exchange): Promise<void> {
  const { head, content } = exchange;
  const start = `${head.method} ${head.path} with ${head.headers.size} fields`;
  try {
    const { length } = await content.bytes();
    const body = `${start} and ${length} bytes of content\n`;
    exchange.respond({ status: 200, contentType: "text/plain", fields: null, body, trailers: null });
  } catch (error) {
    // The content never came whole. Where the client has gone there is nobody to tell.
    if (exchange.done) return;
    const { status, message } = error as ParseError;
    exchange.respond({ status, contentType: "text/plain", fields: null, body: `${message}\n`, trailers: null });
  }
}

/** Connections whose requests are answered, with their timeouts running. */
export function newGroup(): ConnectionGroup {
  const group = new ConnectionGroup({ request: answer }, { maxBodySize: 1048576 }, performance.now());
  // The engine has no timers of its own: how often it is told the time is how exact its timeouts are.
  setInterval(() => group.tick(performance.now()), 125).unref();
  return group;
}
