/** Values in a store, each for some time and under some tags; and those that are being made. */
import { randomUUID } from "node:crypto";
import { isPromise } from "../../app/handler.ts";
import type { Store } from "../stores/store.ts";
import { Guard, type GuardOptions } from "./guard.ts";
import { tagKey } from "./keys.ts";

/** What tags were when a value was made. A tag that is invalidated has another version from then on. */
export type Versions = Readonly<Record<string, string>>;

/** A value as it is in the store. */
export interface Entry {
  /** Tells that it is of this kind. */
  readonly v: 1;
  readonly content: unknown;
  /** Until when, in milliseconds. */
  readonly fresh: number;
  readonly tags: Versions | null;
}

/** How long a value is kept, in milliseconds. */
export interface Times {
  readonly timeout: number;
  readonly stale: number;
}

/** A value that is being made. */
export interface Flight {
  /** Who makes it. */
  readonly leader: object;
  /** What came of it; null where it is for nobody else. Never rejects where nobody is told of errors. */
  readonly done: Promise<Entry | null>;
}

/** Milliseconds that the version of a tag is kept; what has it is taken for outdated then. */
const TAG_TIME = 30 * 86_400_000;

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && (value as Entry).v === 1;
}

export class Entries {
  readonly #store: Store;
  readonly #guard: Guard;
  readonly #now: () => number;
  /** By key. */
  flights: Map<string, Flight> = new Map();
  /** Changes with everything that is forgotten: what began before must not be kept any more. */
  epoch = 0;

  constructor(store: Store, options: GuardOptions) {
    this.#store = store;
    this.#guard = new Guard(store, options);
    this.#now = options.now;
  }

  /** The value of a key, fresh or not; undefined where there is none. At once where the store has it at once. */
  find(key: string): Entry | undefined | Promise<Entry | undefined> {
    const found = this.#guard.get(key);
    return isPromise(found) ? found.then((value) => this.#check(value)) : this.#check(found);
  }

  #check(value: unknown): Entry | undefined | Promise<Entry | undefined> {
    if (!isEntry(value)) return undefined;
    const { tags } = value;
    if (tags === null) return value;
    const isValid = (found: readonly unknown[]) =>
      Object.values(tags).every((version, index) => version === found[index]);
    const found = Object.keys(tags).map((tag) => this.#guard.get(tagKey(tag)));
    if (found.some(isPromise)) return Promise.all(found).then((all) => (isValid(all) ? value : undefined));
    return isValid(found) ? value : undefined;
  }

  /** The versions of tags as they are now, to be asked for before a value is made. */
  versions(tags: readonly string[]): Versions | Promise<Versions> {
    const found = tags.map((tag) => this.#guard.get(tagKey(tag)));
    const name = (all: readonly unknown[]) => {
      const versions: Record<string, string> = Object.create(null);
      for (const [index, tag] of tags.entries()) {
        const version = all[index];
        versions[tag] = typeof version === "string" ? version : this.#begin(tag);
      }
      return { ...versions };
    };
    return found.some(isPromise) ? Promise.all(found).then(name) : name(found);
  }

  #begin(tag: string): string {
    const version = randomUUID();
    this.#guard.set(tagKey(tag), version, TAG_TIME);
    return version;
  }

  /** What is kept of a value that was made now. */
  entry(content: unknown, { timeout }: Times, tags: Versions | null): Entry {
    return { v: 1, content, fresh: this.#now() + timeout, tags };
  }

  /** Keeps a value that began in an epoch; not where something was forgotten since. */
  keep(key: string, entry: Entry, { timeout, stale }: Times, epoch: number): void | Promise<void> {
    if (epoch === this.epoch) return this.#guard.set(key, entry, timeout + stale);
  }

  isFresh({ fresh }: Entry): boolean {
    return this.#now() < fresh;
  }

  /** Has what is being made be for those alone who wait for it already. */
  #forget(): void {
    ++this.epoch;
    this.flights = new Map();
  }

  async delete(key: string): Promise<void> {
    this.#forget();
    await this.#store.delete(key);
  }

  async invalidate(tags: readonly string[]): Promise<void> {
    this.#forget();
    await Promise.all(tags.map((tag) => this.#store.delete(tagKey(tag))));
  }

  async clear(): Promise<void> {
    this.#forget();
    await this.#store.clear();
  }
}
