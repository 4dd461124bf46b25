/** Bounds of what clients may send, and for how long. */
import { DEFAULT_SERVER_OPTIONS } from "../server/options.ts";
import { type Found, type Rule, together } from "./rule.ts";
import type { Subject, Use } from "./subject.ts";

const SERVER = "the server";
const MIB = 2 ** 20;
/** Content in memory that many clients at once are still no danger with. */
const LARGE_BODY = 100 * MIB;
/** Bytes that deflate makes of one at the most: a bound as large bounds nothing. */
const DEFLATE_MAX = 1032;
/** How many times the default is no matter of taste any more. */
const FAR = 10;

/** Places of a middleware or handler where one of these options is larger than what is given for it. */
function beyond(uses: readonly Use[], limits: Readonly<Record<string, number>>, how: string): Found[] {
  return uses.flatMap(({ where, options }) =>
    Object.entries(limits)
      .filter(([name, limit]) => (options[name] as number) > limit)
      .map(([name]) => ({ what: `${name} is ${options[name]}`, where, how })),
  );
}

function* bodySizeOff({ server, routes }: Subject): Iterable<Found> {
  const how = "give a number of bytes; a route that needs more can have its own, as { maxBodySize: 100 * 2 ** 20 }";
  const what = "content of requests has no bound: one client can fill the memory";
  if (server.maxBodySize === Number.POSITIVE_INFINITY) yield { what, where: SERVER, how };
  const places = routes.filter(({ maxBodySize }) => maxBodySize === Number.POSITIVE_INFINITY);
  yield* together(places, what, how);
}

function* bodySizeLarge({ server: { maxBodySize } }: Subject): Iterable<Found> {
  if (maxBodySize <= LARGE_BODY || maxBodySize === Number.POSITIVE_INFINITY) return;
  const how = "grant that on the routes that need it: { maxBodySize } of a route";
  yield { what: `every request may have ${maxBodySize} bytes of content`, where: SERVER, how };
}

function* timeoutsOff({ server }: Subject): Iterable<Found> {
  for (const name of ["headTimeout", "bodyTimeout", "keepAliveTimeout", "writeTimeout"] as const) {
    const standard = DEFAULT_SERVER_OPTIONS[name];
    if (server[name] <= FAR * standard) continue;
    const what = `${name} is ${server[name]} ms: slow clients hold their connections for that long`;
    yield { what, where: SERVER, how: `leave it at its default, ${standard} ms, or near that` };
  }
  if (server.minBodyRate > 0) return;
  const what = "minBodyRate is 0: content may come as slowly as a client likes";
  yield { what, where: SERVER, how: `leave it at its default, ${DEFAULT_SERVER_OPTIONS.minBodyRate} bytes a second` };
}

function* headLarge({ server }: Subject): Iterable<Found> {
  for (const name of ["maxHeadSize", "maxTargetSize", "maxFields"] as const) {
    const standard = DEFAULT_SERVER_OPTIONS[name];
    if (server[name] <= FAR * standard) continue;
    const how = `leave it at its default, ${standard}, and have clients send what is large as content`;
    yield { what: `${name} is ${server[name]}`, where: SERVER, how };
  }
}

function* connectionsUnbounded({ server, production }: Subject): Iterable<Found> {
  if (!production || server.maxConnections < Number.POSITIVE_INFINITY) return;
  const what = "maxConnections has no bound but that of open files, of which the system has so many";
  yield { what, where: SERVER, how: "give maxConnections of listen, below `ulimit -n`" };
}

function* contentLimitsFar({ settings }: Subject): Iterable<Found> {
  const limits = { maxJsonDepth: 5120, maxFormFields: 100_000, maxParts: 10_000, maxPartHeaders: 1000 };
  const sizes = { maxPartNameSize: 65_536, maxPartHeaderSize: MIB };
  const how = "leave it near its default: what has so many parts costs far more than its bytes";
  yield* beyond([{ where: "the application", options: settings }], { ...limits, ...sizes }, how);
}

function decompressionOff(subject: Subject): Found[] {
  const how = "leave maxSize and maxRatio near their defaults: a few bytes can unpack to gigabytes";
  return beyond(subject.uses("decompression"), { maxSize: LARGE_BODY, maxRatio: DEFLATE_MAX - 1, maxCodings: 10 }, how);
}

function webSocketLimits(subject: Subject): Found[] {
  const limits = { maxMessageSize: LARGE_BODY, maxUnsentSize: 16 * LARGE_BODY, pingInterval: 3_600_000 };
  return beyond(subject.uses("webSocket"), limits, "leave it near its default: each client may have so much");
}

export const LIMIT_RULES: readonly Rule[] = [
  { id: "body-size-off", level: "high", find: bodySizeOff },
  { id: "body-size-large", level: "low", find: bodySizeLarge },
  { id: "timeouts-off", level: "medium", find: timeoutsOff },
  { id: "head-large", level: "medium", find: headLarge },
  { id: "connections-unbounded", level: "note", find: connectionsUnbounded },
  { id: "content-limits-far", level: "medium", find: contentLimitsFar },
  { id: "decompression-off", level: "high", find: decompressionOff },
  { id: "web-socket-limits", level: "medium", find: webSocketLimits },
];
