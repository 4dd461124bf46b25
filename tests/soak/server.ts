/** The served process: it does what its parent asks, and counts what goes wrong. */
import { type AcceptedSockets, acceptedSockets } from "./accepted.ts";
import { soakApp, type Tally } from "./app.ts";

/** How the process stands. Memory is what is left after a collection. */
export interface Sample {
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly open: number;
  readonly accepted: number;
  readonly failures: readonly string[];
  readonly tally: Tally;
}

/** What the parent may ask; every answer is of the same kind. */
export type Ask =
  | { readonly ask: "listen"; readonly patience: number }
  | { readonly ask: "sample" }
  | { readonly ask: "close"; readonly deadline: number };
export type Told =
  | { readonly told: "listen"; readonly port: number }
  | { readonly told: "sample"; readonly sample: Sample }
  | { readonly told: "close"; readonly took: number };

const FAILURES_KEPT = 20;
const KEEP_ALIVE = 20_000;

const failures: string[] = [];
function note(kind: string, error: unknown): void {
  if (failures.length < FAILURES_KEPT) failures.push(`${kind}: ${error instanceof Error ? error.stack : error}`);
}
process.on("unhandledRejection", (error) => note("unhandledRejection", error));
process.on("uncaughtException", (error) => note("uncaughtException", error));
process.on("warning", (warning) => note("warning", warning));

const accepted: AcceptedSockets = acceptedSockets();
const { app, tally } = soakApp();

function sample(): Sample {
  globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { rss, heapUsed, arrayBuffers, open: accepted.open.size, accepted: accepted.count, failures, tally };
}

let closed = false;

async function serve(message: Ask): Promise<Told> {
  if (message.ask === "listen") {
    const { patience } = message;
    const times = { headTimeout: patience, bodyTimeout: patience, writeTimeout: patience };
    const { address } = await app.listen({ port: 0, keepAliveTimeout: KEEP_ALIVE, ...times });
    return { told: "listen", port: address.port };
  }
  if (message.ask === "sample") return { told: "sample", sample: sample() };
  const before = performance.now();
  await app.close({ deadline: message.deadline });
  closed = true;
  return { told: "close", took: performance.now() - before };
}

process.on("message", async (message: Ask) => process.send?.(await serve(message)));
// Closed, it ends by itself where nothing is left open; before that, its parent has died.
process.on("disconnect", () => {
  if (!closed) process.exit(1);
});
