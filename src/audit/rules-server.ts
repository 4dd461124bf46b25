/** Where the server listens, and as what. */
import type { Found, Rule } from "./rule.ts";
import { has, isLoopback, type Subject } from "./subject.ts";

function* developmentMode({ settings, production }: Subject): Iterable<Found> {
  if (!settings.development || !production) return;
  const what = "development mode shows errors with their stacks and sources to everybody";
  yield { what, where: "the application", how: 'say { development: process.env.NODE_ENV === "development" }' };
}

function* plainToAll(subject: Subject): Iterable<Found> {
  if (isLoopback(subject.server) || !subject.plain) return;
  const what = `the server listens on ${subject.server.host} by plain HTTP: all passes where others can read and change it`;
  const how =
    "give tls to listen; or listen on 127.0.0.1 behind a proxy that ends it, and name that in trustedProxies([…])";
  yield { what, where: "the server", how };
}

function* tunnelOpen({ settings, unrouted }: Subject): Iterable<Found> {
  if (settings.tunnel === undefined || has(unrouted, "basicAuth") || has(unrouted, "bearerAuth")) return;
  const what = "CONNECT is served, and nothing around the application asks who it is: others may go on from here";
  yield {
    what,
    where: "the application",
    how: "app.use(basicAuth({ users })) or bearerAuth, and check where tunnels lead",
  };
}

export const SERVER_RULES: readonly Rule[] = [
  { id: "development-mode", level: "high", find: developmentMode },
  { id: "plain-to-all", level: "low", find: plainToAll },
  { id: "tunnel-open", level: "medium", find: tunnelOpen },
];
