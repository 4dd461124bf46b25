/** Requests as they are counted: plain numbers, which become what Prometheus reads when it asks. */
import type { Metric } from "prom-client";
import type { RouteInfo } from "../../app/index.ts";

/** What is known of requests that have their method, route and status in common. */
interface Series {
  readonly labels: { readonly method: string; readonly route: string; readonly status: string };
  /** Requests by how long they took: up to each bound and above the one before; the last has all that took longer. */
  readonly buckets: number[];
  count: number;
  /** Seconds that they took together. */
  sum: number;
}

/** The series of one route, by method and then by status. */
export interface RouteSeries {
  readonly pattern: string;
  readonly byMethod: Map<string, Map<number, Series>>;
}

/** One line of what is read. */
interface Value {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

/** What a route is called where there is none: what paths clients try is not for labels. */
const NO_ROUTE = "(none)";
const METHODS: ReadonlySet<string> = new Set("GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS,CONNECT,TRACE".split(","));

/** What a method is called: others than the known ones, and the route's own, a client may have made up. */
export function methodLabel(method: string, route: RouteInfo | undefined): string {
  return METHODS.has(method) || method === route?.method ? method : "other";
}

export class RequestSeries {
  readonly #bounds: readonly number[];
  readonly #routes = new Map<string, RouteSeries>();

  /** `bounds` of durations in seconds, rising. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  /** The series of a route, or of all requests that have none: always the same. */
  of(route: RouteInfo | undefined): RouteSeries {
    const pattern = route?.pattern ?? NO_ROUTE;
    const known = this.#routes.get(pattern);
    if (known !== undefined) return known;
    const made: RouteSeries = { pattern, byMethod: new Map() };
    this.#routes.set(pattern, made);
    return made;
  }

  /** Counts a request. */
  add(route: RouteSeries, method: string, status: number, seconds: number): void {
    const series = route.byMethod.get(method)?.get(status) ?? this.#add(route, method, status);
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && seconds > bounds[index]) ++index;
    ++series.buckets[index];
    ++series.count;
    series.sum += seconds;
  }

  #add({ pattern, byMethod }: RouteSeries, method: string, status: number): Series {
    const labels = { method, route: pattern, status: String(status) };
    const made: Series = { labels, buckets: new Array(this.#bounds.length + 1).fill(0), count: 0, sum: 0 };
    const byStatus = byMethod.get(method) ?? new Map<number, Series>();
    byMethod.set(method, byStatus.set(status, made));
    return made;
  }

  #all(): Series[] {
    const methods = [...this.#routes.values()].flatMap(({ byMethod }) => [...byMethod.values()]);
    return methods.flatMap((byStatus) => [...byStatus.values()]);
  }

  /** How many there were. */
  counter(name: string): Metric {
    return metric(name, "Requests that were answered.", "counter", () =>
      this.#all().map(({ labels, count }) => ({ labels, value: count })),
    );
  }

  /** How long they took. */
  histogram(name: string): Metric {
    return metric(name, "Seconds from a request to its response.", "histogram", () =>
      this.#all().flatMap((series) => this.#linesOf(series, name)),
    );
  }

  #linesOf({ labels, buckets, count, sum }: Series, name: string): Value[] {
    let below = 0;
    const lines = buckets.map((here, index) => {
      below += here;
      return { metricName: `${name}_bucket`, labels: { le: this.#bounds[index] ?? "+Inf", ...labels }, value: below };
    });
    const whole = [
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
    return [...lines, ...whole];
  }
}

/** A metric of prom-client whose values are made when they are asked for: its own look up labels with each request. */
function metric(name: string, help: string, type: string, values: () => Value[]): Metric {
  const made = {
    name,
    help,
    type,
    aggregator: "sum",
    get: async () => ({ name, help, type, values: values(), aggregator: "sum" }),
  };
  return made as unknown as Metric;
}
