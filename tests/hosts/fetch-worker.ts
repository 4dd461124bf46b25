/** The checks of applications by fetch on workerd: a worker that serves the application, and asks itself. */
import { toFetch } from "../../dist/gateway/fetch.js";
import { type Ask, newApp, runFetch } from "./fetch-app.ts";

/** The worker as others reach it. */
interface Env {
  readonly self: { fetch(url: string, init?: RequestInit): Promise<Response> };
}

const { fetch } = toFetch(newApp());

export default {
  fetch,
  async test(_controller: unknown, { self }: Env): Promise<void> {
    const ask: Ask = (path, init) => self.fetch(`http://app${path}`, { redirect: "manual", ...init });
    console.log(JSON.stringify(await runFetch(ask, { address: null, tellsAbort: false })));
  },
};
