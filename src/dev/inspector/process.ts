/** How the process does. */
import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";

/** Times in milliseconds, sizes in bytes. */
export interface ProcessNumbers {
  /** How late the event loop was, since somebody has begun to look or what was counted was cleared. */
  readonly delay: { readonly min: number; readonly mean: number; readonly p99: number; readonly max: number };
  /** Shares of the time since the numbers before: in which the event loop was busy, and the processor at work. */
  readonly busy: number;
  readonly cpu: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly resident: number;
  /** Seconds. */
  readonly uptime: number;
}

/** Milliseconds from one look to the next, which the numbers of the system's histogram have in them. */
const RESOLUTION = 10;

const NONE = { min: 0, mean: 0, p99: 0, max: 0 };

const lateness = (nanoseconds: number): number => Math.max(0, nanoseconds / 1_000_000 - RESOLUTION);

export class ProcessWatch {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #cpu: NodeJS.CpuUsage = process.cpuUsage();
  #at = performance.now();

  /** Begins to look how late the event loop is. */
  start(): void {
    this.#delay.enable();
  }

  stop(): void {
    this.#delay.disable();
  }

  clear(): void {
    this.#delay.reset();
  }

  numbers(): ProcessNumbers {
    const { heapUsed, heapTotal, rss } = process.memoryUsage();
    const busy = performance.eventLoopUtilization(this.#utilization).utilization;
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsed = performance.now() - this.#at;
    this.#utilization = performance.eventLoopUtilization();
    this.#cpu = process.cpuUsage();
    this.#at = performance.now();
    return {
      delay: this.#delays(),
      busy,
      cpu: elapsed > 0 ? (user + system) / 1000 / elapsed : 0,
      heapUsed,
      heapTotal,
      resident: rss,
      uptime: process.uptime(),
    };
  }

  #delays(): ProcessNumbers["delay"] {
    const { count, min, mean, max } = this.#delay;
    if (count === 0) return NONE;
    return {
      min: lateness(min),
      mean: lateness(mean),
      p99: lateness(this.#delay.percentile(99)),
      max: lateness(max),
    };
  }
}
