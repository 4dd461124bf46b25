/** How long requests take, by route. */
import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { RouteInfo } from "../../app/index.ts";
import { methodLabel } from "../../services/metrics/requests.ts";

/** What requests took that have route and method in common. Times in milliseconds. */
export interface RouteDurations {
  readonly method: string;
  readonly route: string;
  readonly count: number;
  /** Of those the ones whose status was 500 or above. */
  readonly errors: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

interface Series {
  readonly method: string;
  readonly route: string;
  /** Of microseconds. */
  readonly histogram: RecordableHistogram;
  errors: number;
}

/** What a route is called where there is none: as in the metrics. */
const NO_ROUTE = "(none)";
/** An hour in microseconds: what takes longer counts as that. Two digits of a duration are exact. */
const HIGHEST = 3_600_000_000;
const FIGURES = 2;

export class Durations {
  readonly #series = new Map<string, Series>();

  /** Counts a request that took so many milliseconds. */
  add(route: RouteInfo | null, asked: string, status: number, duration: number): void {
    const method = methodLabel(asked, route ?? undefined);
    const pattern = route?.pattern ?? NO_ROUTE;
    const key = `${method} ${pattern}`;
    const series = this.#series.get(key) ?? this.#add(key, method, pattern);
    if (status >= 500) ++series.errors;
    series.histogram.record(Math.min(HIGHEST, Math.max(1, Math.round(duration * 1000))));
  }

  #add(key: string, method: string, route: string): Series {
    const histogram = createHistogram({ lowest: 1, highest: HIGHEST, figures: FIGURES });
    const series = { method, route, histogram, errors: 0 };
    this.#series.set(key, series);
    return series;
  }

  /** Forgets what it has counted. */
  clear(): void {
    this.#series.clear();
  }

  /** All of them, those with the most requests first. */
  all(): RouteDurations[] {
    const all = [...this.#series.values()].map(({ method, route, histogram, errors }) => ({
      method,
      route,
      count: histogram.count,
      errors,
      p50: histogram.percentile(50) / 1000,
      p90: histogram.percentile(90) / 1000,
      p99: histogram.percentile(99) / 1000,
      max: histogram.max / 1000,
    }));
    return all.sort((a, b) => b.count - a.count);
  }
}
