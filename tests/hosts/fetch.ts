/** The checks of applications by fetch, on hosts that have a server for it: the result is one line of JSON. */
import { toFetch } from "../../dist/gateway/fetch.js";
import { newApp, runFetch } from "./fetch-app.ts";

type Serve = (request: Request, info: never) => Response | Promise<Response>;

/** What is used of Bun. */
interface BunHost {
  serve(options: { port: number; hostname: string; fetch: Serve }): { readonly port: number; stop(): Promise<void> };
}

/** What is used of Deno. */
interface DenoHost {
  serve(
    options: { port: number; hostname: string; onListen(): void },
    handler: Serve,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
}

const { Bun, Deno } = globalThis as { Bun?: BunHost; Deno?: DenoHost };
const PLACE = { port: 0, hostname: "127.0.0.1" };

/** Serves the application as this host does; gives its port. */
function listen(): number {
  const app = newApp();
  if (Bun) {
    type Info = { requestIP(request: Request): { address: string } | null };
    const { fetch } = toFetch<[Info]>(app, { remoteAddress: (request, server) => server.requestIP(request)?.address });
    return Bun.serve({ ...PLACE, fetch: fetch as Serve }).port;
  }
  if (!Deno) throw new Error("this host serves nothing by fetch");
  type Info = { remoteAddr: { hostname: string } };
  const { fetch } = toFetch<[Info]>(app, { remoteAddress: (_, info) => info.remoteAddr.hostname });
  return Deno.serve({ ...PLACE, onListen() {} }, fetch as Serve).addr.port;
}

const port = listen();
const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
console.log(JSON.stringify(await runFetch(ask, { address: "127.0.0.1", tellsAbort: true })));
process.exit();
