/** Schedules of one process, kept by croner. */
import type { Cron } from "croner";
import type { Logger } from "../../http/index.ts";
import { clockOf, type Plan } from "./when.ts";

/** Does what is due at a time, in milliseconds since 1970. */
export type DoWork = (scheduledFor: number) => Promise<unknown>;

interface Schedule {
  readonly plan: Plan;
  readonly work: DoWork;
  clock: Cron | null;
  /** When it is due next, in milliseconds since 1970. */
  next: number;
  /** Runs that are at work or wait for their turn. */
  active: number;
  /** Settles when the run that was due last is over. */
  last: Promise<void>;
}

export class Schedules {
  readonly #schedules = new Map<string, Schedule>();
  readonly #maxQueue: number;
  /** Where runs that fail are told; null while nothing is due. */
  #logger: Logger | null = null;

  /** `maxQueue` bounds the runs of a schedule that wait for their turn. */
  constructor(maxQueue: number) {
    this.#maxQueue = maxQueue;
  }

  /** Rejects with a TypeError where the name is taken, or the plan makes no sense. */
  async add(name: string, plan: Plan, work: DoWork): Promise<void> {
    if (this.#schedules.has(name)) throw new TypeError(`there is a schedule ${JSON.stringify(name)} already`);
    const schedule: Schedule = { plan, work, clock: null, next: 0, active: 0, last: Promise.resolve() };
    this.#schedules.set(name, schedule);
    try {
      schedule.clock = await clockOf(plan, () => this.#due(name, schedule));
    } catch (error) {
      this.#schedules.delete(name);
      throw error;
    }
    // It may have been taken away meanwhile, or all of them started.
    if (this.#logger && this.#schedules.get(name) === schedule) resume(schedule);
  }

  /** Takes a schedule away; what it has at work goes on. Gives whether there was one. */
  remove(name: string): boolean {
    this.#schedules.get(name)?.clock?.stop();
    return this.#schedules.delete(name);
  }

  /** The next times that a schedule is due, after a time. Rejects with a TypeError where there is none of that name. */
  async nextRuns(name: string, count: number, from: Date): Promise<Date[]> {
    const schedule = this.#schedules.get(name);
    if (!schedule) throw new TypeError(`there is no schedule ${JSON.stringify(name)}`);
    return (schedule.clock ?? (await clockOf(schedule.plan))).nextRuns(count, from);
  }

  start(logger: Logger): void {
    this.#logger = logger;
    for (const schedule of this.#schedules.values()) resume(schedule);
  }

  stop(): void {
    this.#logger = null;
    for (const { clock } of this.#schedules.values()) clock?.pause();
  }

  #due(name: string, schedule: Schedule): void {
    const { overlap } = schedule.plan;
    const scheduledFor = schedule.next;
    tellNext(schedule);
    if (schedule.active > (overlap === "skip" ? 0 : this.#maxQueue)) {
      this.#logger?.warn(`schedule ${name}: a run was skipped, ${schedule.active} before it are not over`);
      return;
    }
    ++schedule.active;
    const before = overlap === "queue" ? schedule.last : Promise.resolve();
    schedule.last = before.then(() => this.#run(name, schedule, scheduledFor));
  }

  /** Never rejects: a run that fails is told, and the next is due all the same. */
  async #run(name: string, schedule: Schedule, scheduledFor: number): Promise<void> {
    try {
      // Stopped while it waited for its turn.
      if (this.#logger) await schedule.work(scheduledFor);
    } catch (error) {
      this.#logger?.error(`schedule ${name}:`, error);
    } finally {
      --schedule.active;
    }
  }
}

function tellNext(schedule: Schedule): void {
  schedule.next = schedule.clock?.nextRun()?.getTime() ?? 0;
}

function resume(schedule: Schedule): void {
  tellNext(schedule);
  schedule.clock?.resume();
}
