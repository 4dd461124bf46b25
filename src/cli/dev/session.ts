/** What `pyrois dev` does: keeps a module running as it changes. */
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import type { Failure } from "./failure.ts";
import { Holder } from "./holder.ts";
import { type Asked, HANDS_OVER, type Report } from "./messages.ts";
import { RunningProcess } from "./process.ts";
import { Watcher } from "./watcher.ts";

export interface SessionOptions {
  readonly file: string;
  readonly place: { readonly port?: number; readonly host?: string };
  /** Files and folders to watch beside what the module loads. */
  readonly watch: readonly string[];
}

/** Milliseconds of the clock, and of the processor, that something took. */
export interface Took {
  readonly time: number;
  readonly cpu: number;
}

/** What is told to whoever looks on. */
export interface SessionEvents {
  /** `took` is null at first. */
  started(took: Took | null): void;
  listening(address: AddressInfo): void;
  swapped(files: readonly string[], took: Took): void;
  changed(files: readonly string[]): void;
  failed(failure: Failure): void;
  /** The module is there, and listens nowhere. */
  silent(): void;
  /** The module has not been there for so many milliseconds. */
  slow(milliseconds: number): void;
}

/** When a change was noticed. */
interface Moment {
  readonly time: number;
  readonly cpu: NodeJS.CpuUsage;
}

function now(): Moment {
  return { time: performance.now(), cpu: process.cpuUsage() };
}

/** What it took since, with what the other process says of itself. */
function since({ time, cpu }: Moment, theirs: number): Took {
  const { user, system } = process.cpuUsage(cpu);
  return { time: performance.now() - time, cpu: (user + system) / 1000 + theirs };
}

/** Milliseconds in which a module that has started may still come to listen where it did before. */
const LATE = 2000;
/** Milliseconds after which it is told that a module is not there yet. */
const SLOW = 3000;

export class Session {
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #holder = new Holder();
  readonly #watcher: Watcher;
  /** The process that runs the module, or has; null while it is being replaced. */
  #current: RunningProcess | null = null;
  /** The next one, which has done all it can before it is needed. */
  #next: RunningProcess | null = null;
  /** Whether the module is there. */
  #running = false;
  /** The places that it serves; those that it did before and does not any more are let go after a while. */
  readonly #keys = new Set<string>();
  #letting: NodeJS.Timeout | undefined;
  #starting: NodeJS.Timeout | undefined;
  /** Of what was not begun to be done about it. */
  #noticed: Moment | null = null;
  /** Of what the process that starts is started for; null at first. */
  #since: Moment | null = null;
  /** Replaces one process by another, one after the other. */
  #replacing: Promise<void> = Promise.resolve();
  #again = false;
  /** Whether it has run before, so that to run it is to restart it. */
  #begun = false;
  /** Files that are being loaded anew without a restart. */
  #swapping: readonly string[] = [];
  #closed = false;

  constructor(options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#watcher = new Watcher({ touched: () => this.#touched(), changed: (files) => this.#changed(files) });
    this.#watcher.addFile(options.file);
    for (const each of options.watch) this.#watcher.addTree(each);
  }

  start(): void {
    this.#replace();
  }

  /** Ends it all; resolves once the module has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watcher.close();
    this.#next?.kill();
    clearTimeout(this.#letting);
    clearTimeout(this.#starting);
    this.#holder.hold();
    await this.#replacing;
    await this.#current?.stop();
    this.#holder.close();
  }

  #touched(): void {
    this.#noticed = now();
    // From here on nobody gets what was: connections wait for what comes.
    this.#holder.hold();
  }

  #changed(files: readonly string[]): void {
    this.#events.changed(files);
    const loads = this.#running && files.every((file) => this.#current?.files.get(file) === true);
    if (!loads) {
      this.#replace();
      return;
    }
    this.#swapping = files;
    this.#current?.tell({ type: "load", urls: files.map((file) => pathToFileURL(file).href) });
  }

  #replace(): void {
    const noticed = this.#noticed;
    this.#noticed = null;
    if (this.#again || this.#closed) return;
    this.#again = true;
    if (this.#begun) this.#since = noticed ?? now();
    this.#begun = true;
    this.#replacing = this.#replacing.then(async () => {
      const old = this.#current;
      this.#current = null;
      this.#running = false;
      this.#keys.clear();
      clearTimeout(this.#letting);
      clearTimeout(this.#starting);
      this.#holder.hold();
      await old?.stop();
      this.#again = false;
      if (!this.#closed) this.#run();
    });
  }

  #fork(): RunningProcess {
    return new RunningProcess(this.#options.file, {
      report: (from, report) => this.#hear(from, report),
      ended: (from, failure) => this.#ended(from, failure),
    });
  }

  #run(): void {
    const process = this.#next ?? this.#fork();
    this.#next = null;
    this.#current = process;
    process.onFile = (file) => this.#watcher.addFile(file);
    this.#starting = setTimeout(() => this.#events.slow(SLOW), SLOW);
    process.tell({ type: "run", place: this.#options.place });
  }

  #hear(from: RunningProcess, report: Report): void {
    if (from !== this.#current) return;
    if (report.type === "ask") this.#listen(from, report.id, report.place);
    else if (report.type === "serves") this.#claim(from, report.key);
    else if (report.type === "started") this.#started(report);
    else if (report.type === "loaded") this.#loaded(report);
  }

  async #listen(from: RunningProcess, id: number, place: Asked): Promise<void> {
    try {
      const { key, address } = await this.#holder.listen(place);
      from.tell({ type: "had", id, key, address });
    } catch (error) {
      const { code = "EADDRINUSE", message } = error as NodeJS.ErrnoException;
      from.tell({ type: "taken", id, code, message });
    }
  }

  #claim(from: RunningProcess, key: string): void {
    this.#keys.add(key);
    this.#events.listening(this.#holder.claim(key, (to, socket, lost) => from.hand(to, socket, lost)));
  }

  #started({ listens, cpu }: Report & { type: "started" }): void {
    this.#running = true;
    clearTimeout(this.#starting);
    this.#watcher.greedy = false;
    if (listens) this.#letting = setTimeout(() => this.#holder.prune(this.#keys), LATE).unref();
    else this.#events.silent();
    this.#events.started(this.#since && since(this.#since, cpu));
    this.#since = null;
    this.#next ??= this.#fork();
  }

  #loaded({ failed, cpu }: Report & { type: "loaded" }): void {
    const files = this.#swapping;
    this.#swapping = [];
    if (failed) {
      this.#replace();
      return;
    }
    for (const key of this.#keys) if (this.#current) this.#claim(this.#current, key);
    if (this.#noticed) this.#events.swapped(files, since(this.#noticed, cpu));
    this.#noticed = null;
  }

  async #ended(from: RunningProcess, failure: Failure): Promise<void> {
    if (from === this.#next) this.#next = null;
    if (from !== this.#current || this.#closed) return;
    this.#current = null;
    this.#running = false;
    clearTimeout(this.#starting);
    this.#since = null;
    // What is missing may come as a new file.
    this.#watcher.greedy = true;
    this.#events.failed(failure);
    await this.#hold();
    // A change may have come meanwhile.
    if (this.#current === null && !this.#again) this.#holder.fail(failure);
    this.#next ??= this.#fork();
  }

  /** Listens where the module would have, had it not failed before it did. */
  async #hold(): Promise<void> {
    if (this.#holder.listening || !HANDS_OVER) return;
    const { port = 8080, host = "127.0.0.1" } = this.#options.place;
    // Where another program listens there is nobody to tell.
    await this.#holder.listen({ port, host, index: 0 }).catch(() => {});
  }
}
