/** `pyrois/health`: tells whoever keeps a server running whether it lives, and whether it is ready to serve. */
import type { Application } from "../app/index.ts";
import { HttpResponse, json, type Logger } from "../http/index.ts";
import { TIMER_MAX } from "./timer.ts";

/** Passes where it resolves, unless with false; it should stop by the signal. */
export type HealthCheck = (signal: AbortSignal) => unknown;

/** Where a server tells how it is, and what must pass. */
export interface HealthOptions {
  /** Path that answers 200 as long as the process does; false for none. */
  readonly live?: string | false;
  /** Path that answers 200 where requests are served, else 503; false for none. */
  readonly ready?: string | false;
  /** What must pass, by name, beside that the server has started and does not stop. */
  readonly checks?: Readonly<Record<string, HealthCheck>>;
  /** Milliseconds that each check may take; longer is failing. */
  readonly timeout?: number;
  /** Milliseconds for which a result is given again: how often checks are done at the most. */
  readonly maxAge?: number;
}

/** Every option that has a default. Results are younger than what asks for them commonly waits from time to time. */
export const DEFAULT_HEALTH_OPTIONS: Required<HealthOptions> = {
  live: "/livez",
  ready: "/readyz",
  checks: {},
  timeout: 2000,
  maxAge: 1000,
};

/** Where a server is in its life. */
type Phase = "starting" | "ready" | "stopping";

/** What checks have given, by name. */
type Results = Readonly<Record<string, "ok" | "failing">>;

/** What can be loaded into an application, and what it tells beside. */
export interface Health {
  setup(app: Application): void;
  /** Whether requests are served: started, not stopping, and all checks pass. */
  ready(): Promise<boolean>;
}

const NO_STORE = { "Cache-Control": "no-store" };

async function pass(name: string, check: HealthCheck, timeout: number, log: Logger): Promise<boolean> {
  const signal = AbortSignal.timeout(timeout);
  try {
    const tooLong = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    // Called in a promise: it may throw, too.
    if ((await Promise.race([Promise.resolve(signal).then(check), tooLong])) !== false) return true;
    log.warn(`the health check ${name} does not pass`);
  } catch (error) {
    log.warn(`the health check ${name} fails`, error);
  }
  return false;
}

/** Checks, done no more often than once in a time however many ask. */
class Checks {
  readonly #options: Required<HealthOptions>;
  #last: { readonly at: number; readonly results: Promise<Results> } | null = null;

  constructor(options: Required<HealthOptions>) {
    this.#options = options;
  }

  results(log: Logger): Promise<Results> {
    const now = performance.now();
    if (this.#last === null || now >= this.#last.at + this.#options.maxAge) {
      this.#last = { at: now, results: this.#run(log) };
    }
    return this.#last.results;
  }

  async #run(log: Logger): Promise<Results> {
    const { checks, timeout } = this.#options;
    const passed = Object.entries(checks).map(
      async ([name, check]) => [name, (await pass(name, check, timeout, log)) ? "ok" : "failing"] as const,
    );
    return Object.fromEntries(await Promise.all(passed));
  }
}

function checkOptions(options: HealthOptions): Required<HealthOptions> {
  const all = { ...DEFAULT_HEALTH_OPTIONS, ...options };
  if (!Number.isInteger(all.timeout) || all.timeout < 1 || all.timeout > TIMER_MAX) {
    throw new RangeError(`timeout must be a whole number from 1 to ${TIMER_MAX}, not ${all.timeout}`);
  }
  if (!(all.maxAge >= 0)) throw new RangeError(`maxAge must be a number of at least 0, not ${all.maxAge}`);
  for (const [name, check] of Object.entries(all.checks)) {
    if (typeof check !== "function") throw new TypeError(`the check ${name} is no function`);
  }
  return all;
}

/**
 * Routes that tell of a server's health, as a module to load before the server starts: `await app.load(health())`. They
 * are live as long as the process answers, and ready from the start of the server until it stops, while all checks pass.
 * What a check fails with goes to the log, and to no client. Throws a TypeError or RangeError for an option that makes no
 * sense.
 */
export function health(options: HealthOptions = {}): Health {
  const all = checkOptions(options);
  const checks = new Checks(all);
  let phase: Phase = "starting";
  let log: Logger = console;

  const state = async () => {
    const results = phase === "ready" ? await checks.results(log) : {};
    // It may have stopped meanwhile.
    const failing = phase === "ready" && Object.values(results).includes("failing");
    return { status: failing ? "failing" : phase, checks: results };
  };
  const isReady = ({ status }: { status: string }) => status === "ready";

  return {
    setup(app) {
      log = app.environment.logger;
      app.on("start", () => {
        phase = "ready";
      });
      app.on("stopping", () => {
        phase = "stopping";
      });
      if (all.live !== false) app.get(all.live, () => new HttpResponse("ok\n", { headers: NO_STORE }));
      if (all.ready === false) return;
      app.get(all.ready, async () => {
        const found = await state();
        return json(found, { status: isReady(found) ? 200 : 503, headers: NO_STORE });
      });
    },
    ready: async () => isReady(await state()),
  };
}
