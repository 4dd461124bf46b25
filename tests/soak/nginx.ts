/** Minutes of load through nginx: connections that are kept, and that lie idle for about as long as nginx keeps them. */
import { setTimeout as wait } from "node:timers/promises";
import { Load } from "../support/load.ts";
import { startNginx } from "../support/nginx.ts";
import { startChild } from "./nginx-child.ts";

export interface NginxSoakOptions {
  readonly minutes: number;
  /** The script of the server, and the example's configuration. */
  readonly server: string;
  readonly config: string;
}

/** Requests that come one after the other all the time, and those that come at once from time to time. */
const STEADY = 24;
const BURST = 200;
/** Milliseconds for which nginx keeps connections to a server that are idle: bursts come about that often. */
const KEPT = 60_000;

/** Sends the load and prints what came of it; resolves with whether all was answered with 200. */
export async function soakNginx({ minutes, server, config }: NginxSoakOptions): Promise<boolean> {
  const end = Date.now() + minutes * 60_000;
  const child = await startChild(server);
  const nginx = await startNginx({ config, ports: [child.port], workers: 2 });
  const load = new Load({ socketPath: nginx.socketPath, keepAlive: true });
  const burst = () => Promise.all(Array.from({ length: BURST }, () => load.ask()));
  const steady = load.run(STEADY, () => Math.random() * 20);
  let bursts = 0;
  const left = () => end - Date.now();
  while (left() > 0) {
    await burst();
    ++bursts;
    // Connections of the burst before last are just being closed, or have just been.
    await wait(Math.max(0, Math.min(left(), KEPT - 1000 + 2000 * Math.random())));
  }
  load.stop();
  await steady;
  const counters = await child.counters();
  load.close();
  await nginx.stop();
  await child.stop();
  console.log({ minutes, requests: load.requests, bursts, failures: load.failures, counters });
  return Object.keys(load.failures).length === 0 && counters.requests >= load.requests;
}
