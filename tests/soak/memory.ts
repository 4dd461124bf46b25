/** Whether memory stays flat. */
import type { Sample } from "./server.ts";

type Measure = "rss" | "heapUsed" | "arrayBuffers";

/** How much more there may be than before: a part of it, and bytes beside. */
interface Bound {
  readonly factor: number;
  readonly bytes: number;
}

const MIB = 1_048_576;

/** Under load, from the median of the second quarter to that of the last: what is in flight differs much. */
const UNDER_LOAD: Readonly<Record<Measure, Bound>> = {
  rss: { factor: 1.15, bytes: 48 * MIB },
  heapUsed: { factor: 1.15, bytes: 8 * MIB },
  arrayBuffers: { factor: 1.25, bytes: 24 * MIB },
};
/** At rest, with no connection open, from after the warm-up to the end: nothing is in flight. */
const AT_REST: Readonly<Partial<Record<Measure, Bound>>> = {
  heapUsed: { factor: 1, bytes: 4 * MIB },
  arrayBuffers: { factor: 1, bytes: 4 * MIB },
};

export const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function compare(when: string, measure: string, before: number, after: number, { factor, bytes }: Bound): Verdict {
  const most = before * factor + bytes;
  const line = `${when}: ${measure} ${mib(before)} -> ${mib(after)}, at most ${mib(most)}`;
  return { line, held: after <= most };
}

export interface Verdict {
  readonly line: string;
  readonly held: boolean;
}

/** Compares medians of the second and the last quarter of samples that were taken at even intervals. */
export function judgeLoad(samples: readonly Sample[]): Verdict[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 2) return [];
  return Object.entries(UNDER_LOAD).map(([measure, bound]) => {
    const values = samples.map((sample) => sample[measure as Measure]);
    const second = median(values.slice(quarter, 2 * quarter));
    return compare("under load", measure, second, median(values.slice(-quarter)), bound);
  });
}

/** Compares two samples that were taken while no connection was open. */
export function judgeRest(what: string, before: Sample, after: Sample): Verdict[] {
  return Object.entries(AT_REST).map(([measure, bound]) =>
    compare(`at rest, ${what}`, measure, before[measure as Measure], after[measure as Measure], bound),
  );
}
