/** `pyrois/metrics`: numbers for Prometheus, by prom-client. */
import type { Registry } from "prom-client";
import { described, type Handler, type Middleware, perRequest } from "../app/index.ts";
import { type HttpRequest, HttpResponse } from "../http/index.ts";
import { methodLabel, RequestSeries, type RouteSeries } from "./metrics/requests.ts";
import { gather, offer } from "./workers/gather.ts";

type Library = typeof import("prom-client");

/** What is measured, and what it is called. */
export interface MetricsOptions {
  /** What all names begin with. */
  readonly prefix?: string;
  /** Bounds of the durations of requests, in seconds and rising. */
  readonly buckets?: readonly number[];
  /** Whether the process is measured too: processor, memory, event loop, garbage collection. */
  readonly process?: boolean;
  /** Where metrics are registered; one of its own by default. */
  readonly registry?: Registry;
}

/** Every option that has a default, but the registry. */
export const DEFAULT_METRICS_OPTIONS: Required<Omit<MetricsOptions, "registry">> = {
  prefix: "",
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  process: true,
};

/** A request that has no response yet; it may not be readable any more when it has. */
interface Begun {
  readonly at: number;
  readonly method: string;
  readonly series: RouteSeries;
}

/** What a server has counted: `server.counters`, as far as it is read here. */
export interface Counted {
  readonly counters: {
    readonly openConnections: number;
    readonly acceptedConnections: number;
    readonly refusedConnections: number;
    readonly activeRequests: number;
    readonly parseErrors: number;
  };
}

/** What is measured, and what serves it. */
export interface Metrics {
  /** That of prom-client: for metrics of one's own. */
  readonly registry: Registry;
  /** Counts the requests that it stands around, by method, route and status, and how long they took. */
  readonly measure: Middleware;
  /** Serves all metrics, as Prometheus reads them: those of all workers together, whichever of them is asked. */
  readonly handler: Handler;
  /** Has the connections of a server counted as well, its requests at work, and what was wrong with what came. */
  observe(server: Counted): void;
}

/** The numbers of servers: name, kind, what it is, and where it is found. */
const SERVER_METRICS: readonly (readonly [string, "Counter" | "Gauge", string, keyof Counted["counters"]])[] = [
  ["http_requests_in_flight", "Gauge", "Requests that are at work.", "activeRequests"],
  ["http_connections_open", "Gauge", "Connections that are open.", "openConnections"],
  ["http_connections_accepted_total", "Counter", "Connections that were accepted.", "acceptedConnections"],
  [
    "http_connections_refused_total",
    "Counter",
    "Connections that were refused for maxConnections.",
    "refusedConnections",
  ],
  ["http_parse_errors_total", "Counter", "What clients sent that was wrong, or came too late.", "parseErrors"],
];

/** Metrics that were made; the same program makes them in the same order in each worker, which is how they are paired. */
let made = 0;

async function loadLibrary(): Promise<Library> {
  try {
    return await import("prom-client");
  } catch (cause) {
    throw new Error("pyrois/metrics needs prom-client: npm install prom-client", { cause });
  }
}

function checkBuckets(buckets: readonly number[]): readonly number[] {
  const rising = buckets.every((bound, index) => bound > (buckets[index - 1] ?? 0));
  if (buckets.length > 0 && rising) return [...buckets];
  throw new RangeError(`buckets must be numbers of seconds that rise, not ${buckets.join(", ")}`);
}

/** Notes when a request has come, and counts it once it has its response. */
function measuring(requests: RequestSeries): Middleware {
  const begun = perRequest<Begun>();
  const around: Middleware = (next, route) => {
    const series = requests.of(route);
    return (request) => {
      begun.set(request, { at: performance.now(), method: methodLabel(request.method, route), series });
      return next(request);
    };
  };
  const onResponse = ({ status }: HttpResponse, request: HttpRequest): void => {
    const found = begun.get(request);
    if (found !== undefined) requests.add(found.series, found.method, status, (performance.now() - found.at) / 1000);
  };
  return described(Object.assign(around, { onResponse }), "metrics");
}

/** Registers what is asked of servers when it is read. */
function registerServers(library: Library, registry: Registry, prefix: string, servers: readonly Counted[]): void {
  for (const [name, Kind, help, counter] of SERVER_METRICS) {
    const sum = () => servers.reduce((all, { counters }) => all + counters[counter], 0);
    new library[Kind]({
      name: `${prefix}${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(sum());
      },
    });
  }
}

/** Serves a registry, together with those of all other workers where this process is one. */
function serving(registry: Registry, { AggregatorRegistry }: Library): Handler {
  const name = `metrics ${++made}`;
  offer(name, () => registry.getMetricsAsJSON());
  return async () => {
    const all = await gather(name);
    const whole = all === null ? registry : AggregatorRegistry.aggregate(all as object[]);
    return new HttpResponse(await whole.metrics(), { headers: { "Content-Type": registry.contentType } });
  };
}

/**
 * Metrics of an application for Prometheus. Rejects with an Error where prom-client is not installed, and with a
 * RangeError for bounds that do not rise.
 *
 *     const measured = await metrics();
 *     app.use(measured.measure).get("/metrics", measured.handler);
 *     measured.observe(await app.listen());
 */
export async function metrics(options: MetricsOptions = {}): Promise<Metrics> {
  const { prefix, buckets, process } = { ...DEFAULT_METRICS_OPTIONS, ...options };
  const requests = new RequestSeries(checkBuckets(buckets));
  const library = await loadLibrary();
  const registry = options.registry ?? new library.Registry();
  const servers: Counted[] = [];
  registry.registerMetric(requests.counter(`${prefix}http_requests_total`));
  registry.registerMetric(requests.histogram(`${prefix}http_request_duration_seconds`));
  registerServers(library, registry, prefix, servers);
  if (process) library.collectDefaultMetrics({ register: registry, prefix });
  return {
    registry,
    measure: measuring(requests),
    handler: serving(registry, library),
    observe(server) {
      servers.push(server);
    },
  };
}
