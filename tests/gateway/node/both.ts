/** The same play on node:http and on this server: what went over the wire, and what was told. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import drop from "../../../src/gateway/node.ts";
import { RawClient } from "../../support/client.ts";

export type Http = Pick<typeof http, "createServer">;

export interface Play {
  readonly options?: http.ServerOptions & Record<string, unknown>;
  /** Adds listeners; what it logs is compared. */
  readonly serve: (server: http.Server, log: (...told: unknown[]) => void) => void;
  /** What is sent, at once or piece by piece, each when the text before its arrow has come. */
  readonly send: string | readonly (string | { readonly after: string; readonly send: string })[];
  /** Ends the play: text that came last; the end of the connection where it is not given. */
  readonly until?: string;
  /** What the client does then; by default it goes. */
  readonly finally?: (client: RawClient, server: http.Server) => unknown;
}

export interface Played {
  readonly received: string;
  readonly log: readonly string[];
}

/** What differs from run to run. */
const MASKED = [/(?<=\r\nDate: )[^\r]+/g, /(?<=\r\nLast-Modified: )[^\r]+/g];

export async function play(on: Http, { options = {}, serve, send, until, finally: last }: Play): Promise<Played> {
  const log: string[] = [];
  const server = on.createServer(options);
  serve(server, (...told) => void log.push(told.map(String).join(" ")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new RawClient((server.address() as AddressInfo).port);
  try {
    for (const part of typeof send === "string" ? [send] : send) {
      const { after, send: text } = typeof part === "string" ? { after: "", send: part } : part;
      await client.until(() => client.received.includes(after));
      await client.write(text);
    }
    if (until === undefined) await client.end();
    else await client.until(() => client.received.includes(until));
    await last?.(client, server);
  } finally {
    client.destroy();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    // What is told of the end is told by then.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { received: MASKED.reduce((text, mask) => text.replace(mask, "…"), client.received), log };
}

export async function playBoth(what: Play): Promise<{ theirs: Played; ours: Played }> {
  return { theirs: await play(http, what), ours: await play(drop, what) };
}
