/** The soak: a server in its own process under good and hostile clients at once, then at rest, then closed. */
import { setTimeout as wait } from "node:timers/promises";
import { ServerProcess } from "./child.ts";
import { flood } from "./flood.ts";
import { goodSession, type Target } from "./good.ts";
import { hostileSession, slowSession } from "./hostile.ts";
import { Link } from "./link.ts";
import { judgeLoad, judgeRest, mib, type Verdict } from "./memory.ts";
import { Random } from "./random.ts";
import { coloured, say, table } from "./report.ts";
import type { Sample } from "./server.ts";
import { runSlow, SLOW_MODES, verdictsOf } from "./slowhttptest.ts";

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Connections that are opened and dropped after the traffic. */
  readonly connections: number;
  readonly slowhttptest: boolean;
}

type Session = (target: Target, random: Random) => Promise<void>;

/** Clients of each sort at once. */
const CLIENTS: readonly [string, Session, number][] = [
  ["good", goodSession, 32],
  ["hostile", hostileSession, 16],
  ["slow", slowSession, 12],
];
/** Milliseconds that the server waits for slow clients: they come to feel it, and it is enough for a busy machine. */
const PATIENCE = 4000;
const SHORT_PATIENCE = 1500;
const SESSION_PATIENCE = 60_000;
const DRAIN_PATIENCE = 20_000;
const CLOSE_DEADLINE = 1500;
/** Beyond its deadline, for a busy machine. */
const CLOSE_SLACK = 3000;
/** Milliseconds in which a normal client is to be answered while others are slow. */
const PROMPT = 2000;
const ERRORS_SHOWN = 20;

class Soak {
  readonly #options: SoakOptions;
  readonly #server: ServerProcess;
  readonly #random: Random;
  readonly #counts = new Map<string, number>();
  readonly #errors: string[] = [];
  #errorCount = 0;
  #ids = 0;
  #port = 0;
  readonly #patience: number;

  constructor(script: string, options: SoakOptions) {
    this.#server = new ServerProcess(script);
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#patience = options.minutes < 1 ? SHORT_PATIENCE : PATIENCE;
  }

  get #target(): Target {
    return {
      port: this.#port,
      patience: this.#patience,
      nextId: () => `${this.#options.seed.toString(36)}-${(++this.#ids).toString(36)}`,
      count: (kind) => this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1),
    };
  }

  #fail(text: string): void {
    if (++this.#errorCount > ERRORS_SHOWN) return;
    this.#errors.push(text);
    say(coloured(`  ${text}`, "red"));
  }

  #judge(verdicts: readonly Verdict[]): void {
    for (const { line, held } of verdicts) {
      if (held) say(`  ${line}`);
      else this.#fail(line);
    }
  }

  /** One session after the other, until it is time. */
  async #client(name: string, session: Session, random: Random, end: number): Promise<void> {
    while (performance.now() < end) {
      const own = random.fork();
      const late = new AbortController();
      const tooLate = wait(SESSION_PATIENCE, undefined, { signal: late.signal }).then(() => {
        throw new Error(`not over after ${SESSION_PATIENCE} ms`);
      });
      tooLate.catch(() => {});
      try {
        await Promise.race([session(this.#target, own), tooLate]);
      } catch (error) {
        this.#fail(`${name} client: ${error instanceof Error ? error.message : error}`);
      }
      late.abort();
    }
  }

  /** Traffic for some time, with a sample now and then. */
  async #traffic(milliseconds: number, sorts = CLIENTS): Promise<Sample[]> {
    const samples: Sample[] = [];
    const started = performance.now();
    const end = started + milliseconds;
    const clients = sorts.flatMap(([name, session, count]) =>
      Array.from({ length: count }, () => this.#client(name, session, this.#random.fork(), end)),
    );
    const interval = Math.min(1000, milliseconds / 16);
    let told = 0;
    while (performance.now() < end) {
      await wait(Math.min(interval, Math.max(0, end - performance.now())));
      const sample = await this.#server.sample();
      samples.push(sample);
      if (performance.now() - told < 4000) continue;
      told = performance.now();
      say(this.#progress((told - started) / 1000, sample));
    }
    await Promise.all(clients);
    return samples;
  }

  #progress(seconds: number, { open, accepted, rss, heapUsed, arrayBuffers, failures }: Sample): string {
    const wrong = this.#errorCount + failures.length;
    const memory = `rss ${mib(rss)}, heap ${mib(heapUsed)}, buffers ${mib(arrayBuffers)}`;
    const state = wrong === 0 ? coloured("no error", "green") : coloured(`${wrong} errors`, "red");
    const text = `${accepted} connections, ${open} open, ${this.#ids} requests; ${memory}`;
    return `${coloured(`${seconds.toFixed(0).padStart(5)} s`, "dim")}  ${text}; ${state}`;
  }

  /** Waits until no connection is open; gives how the process then stands. */
  async #rest(after: string): Promise<Sample> {
    const end = performance.now() + DRAIN_PATIENCE;
    let sample = await this.#server.sample();
    while (sample.open > 0 && performance.now() < end) {
      await wait(100);
      sample = await this.#server.sample();
    }
    if (sample.open > 0) this.#fail(`${sample.open} connections are still open after ${after}`);
    // What the last of them held goes after them, and with one more collection.
    await wait(200);
    sample = await this.#server.sample();
    const { tally } = sample;
    if (tally.released !== tally.waiting) {
      this.#fail(`${tally.waiting - tally.released} of ${tally.waiting} handlers never saw their client go`);
    }
    if (tally.sourcesEnded !== tally.sources) {
      this.#fail(`${tally.sources - tally.sourcesEnded} of ${tally.sources} sources were never let go of`);
    }
    return sample;
  }

  /** Some good clients, one after the other. */
  async #serves(count: number): Promise<void> {
    for (let at = 0; at < count; ++at) {
      try {
        await goodSession(this.#target, this.#random.fork());
      } catch (error) {
        this.#fail(`good client at rest: ${error instanceof Error ? error.message : error}`);
      }
    }
  }

  async #flood(before: Sample): Promise<void> {
    const { connections } = this.#options;
    say(`Opening and dropping ${connections} connections`);
    const started = performance.now();
    let told = started;
    await flood(this.#port, connections, this.#random.fork(), (done) => {
      if (performance.now() - told < 3000) return;
      told = performance.now();
      say(`${coloured(`${((told - started) / 1000).toFixed(0).padStart(5)} s`, "dim")}  ${done} dropped`);
    });
    await this.#serves(20);
    const after = await this.#rest("connections were dropped");
    const seconds = (performance.now() - started) / 1000;
    say(`  ${after.accepted - before.accepted} were accepted; ${seconds.toFixed(1)} s`);
    this.#counts.set("opened and dropped at once", connections);
    this.#judge(judgeRest("before and after dropped connections", before, after));
  }

  /** A normal client beside slow ones: it is answered, and soon. */
  async #normal(going: () => boolean): Promise<number> {
    let slowest = 0;
    while (going()) {
      const link = new Link(this.#port);
      const before = performance.now();
      try {
        await link.write("GET /sync/normal HTTP/1.1\r\nHost: soak\r\nConnection: close\r\n\r\n");
        const { status } = await link.answer();
        if (status !== 200) this.#fail(`status ${status} beside slow clients`);
        slowest = Math.max(slowest, performance.now() - before);
      } catch (error) {
        this.#fail(`a normal client beside slow ones: ${error instanceof Error ? error.message : error}`);
      } finally {
        link.destroy();
      }
      await wait(50);
    }
    return slowest;
  }

  async #slowhttptest(): Promise<void> {
    for (const mode of SLOW_MODES) {
      let going = true;
      const normal = this.#normal(() => going);
      const path = mode.name.includes("-X") ? "big/slow" : mode.name.includes("-B") ? "echo/slow" : "sync/slow";
      const lines = await runSlow(mode, `http://127.0.0.1:${this.#port}/${path}`);
      going = false;
      const slowest = await normal;
      if (lines === null) {
        say("slowhttptest: skipped, for it is not installed");
        return;
      }
      const verdicts = verdictsOf(lines);
      const text = `slowhttptest, ${mode.name}: service available ${[...new Set(verdicts)].join(" and ") || "unknown"}`;
      const normally = `slowest normal answer ${slowest.toFixed(0)} ms`;
      if (verdicts.length === 0 || verdicts.some((verdict) => verdict !== "YES") || slowest > PROMPT) {
        this.#fail(`${text}; ${normally}; ${lines.slice(-15).join(" ").slice(0, 400)}`);
      } else say(`  ${text} (${verdicts.length} times); ${normally}`);
      await this.#rest(mode.name);
    }
  }

  /** Closes while clients of every sort hold connections: all must be gone at the deadline. */
  async #close(): Promise<void> {
    const holding = [
      "",
      "GET / HTTP/1.1\r\nHost: so",
      "POST /echo/held HTTP/1.1\r\nHost: soak\r\nContent-Length: 100\r\n\r\nheld",
      "GET /bad/never/held HTTP/1.1\r\nHost: soak\r\n\r\n",
      "GET /bad/endless/held HTTP/1.1\r\nHost: soak\r\n\r\n",
      "GET /bad/stuck/held HTTP/1.1\r\nHost: soak\r\n\r\n",
    ].map((text) => {
      const link = new Link(this.#port);
      if (text.includes("endless")) link.socket.pause();
      return { link, written: link.write(text) };
    });
    await Promise.all(holding.map(({ written }) => written));
    await wait(200);
    const took = await this.#server.close(CLOSE_DEADLINE);
    say(`  closed in ${took.toFixed(0)} ms; the deadline was ${CLOSE_DEADLINE} ms`);
    if (took > CLOSE_DEADLINE + CLOSE_SLACK) this.#fail(`to close took ${took.toFixed(0)} ms`);
    await this.#rest("the server was closed");
    for (const { link } of holding) link.destroy();
    await this.#healthy();
    const code = await this.#server.end();
    if (code !== 0) this.#fail(code === null ? "the server process did not end by itself" : `its exit code is ${code}`);
  }

  /** Nothing went wrong inside the server. */
  async #healthy(): Promise<void> {
    const { failures, tally } = await this.#server.sample();
    for (const failure of failures) this.#fail(failure);
    for (const error of tally.unplanned) this.#fail(`unplanned error: ${error}`);
    if (tally.smuggled > 0) this.#fail(`${tally.smuggled} requests were smuggled`);
  }

  async #all(): Promise<void> {
    const { minutes, connections, slowhttptest } = this.#options;
    this.#port = await this.#server.listen(this.#patience);
    const milliseconds = minutes * 60_000;
    say("Warming up");
    const warmUp = Math.min(20_000, milliseconds / 8);
    // Slow clients would only make it longer.
    await this.#traffic(warmUp, CLIENTS.slice(0, 2));
    await this.#serves(20);
    let rest = await this.#rest("the warm-up");
    if (milliseconds > 0) {
      say("At work");
      const samples = await this.#traffic(milliseconds - warmUp);
      this.#judge(judgeLoad(samples));
      await this.#serves(20);
      const after = await this.#rest("the traffic");
      this.#judge(judgeRest("before and after the traffic", rest, after));
      rest = after;
    }
    if (connections > 0) await this.#flood(rest);
    if (slowhttptest) await this.#slowhttptest();
    say("Closing");
    await this.#close();
  }

  async run(): Promise<boolean> {
    const started = performance.now();
    try {
      await this.#all();
    } catch (error) {
      this.#fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      this.#server.kill();
    }
    for (const line of table(this.#counts)) say(line);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    say(`${this.#ids} requests of good clients, each answer checked; seed ${this.#options.seed}; ${seconds} s`);
    if (this.#errorCount === 0) say(coloured("soak passed", "green"));
    else say(coloured(`soak FAILED: ${this.#errorCount} errors, the first: ${this.#errors[0]}`, "red"));
    return this.#errorCount === 0;
  }
}

/** Runs the soak against the server that the script serves; tells whether it held. */
export function soak(script: string, options: SoakOptions): Promise<boolean> {
  return new Soak(script, options).run();
}
