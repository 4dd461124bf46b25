/** A session as handlers see it: values, and what was done to them. */

/** What is kept of a session between requests. */
export interface Kept {
  readonly id: string;
  /** When it began, in milliseconds since 1970. */
  readonly created: number;
  /** When it was last kept. */
  readonly seen: number;
  readonly entries: readonly (readonly [name: string, value: unknown])[];
}

/** Bytes of an identity, 192 bits: nobody guesses one. */
const ID_SIZE = 24;

/** What values and flashes are told apart by. */
const VALUE = ":";
const FLASH = "!";

function newId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(ID_SIZE))).toString("base64url");
}

/** What JSON says of a value. Throws a TypeError where it says nothing. */
function textOf(name: string, value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined)
    throw new TypeError(`the value ${JSON.stringify(name)} of a session is no JSON: ${typeof value}`);
  return text;
}

/** The session of a client: values of JSON by name. What changes, in them too, is kept when the request is answered. */
export class Session {
  /** As it came; null where it is new. */
  readonly kept: Kept | null;
  readonly #entries: Map<string, unknown>;
  /** What came, to see what has changed. */
  readonly #before = new Map<string, string>();
  #id: string | undefined;
  #created: number;
  readonly #now: () => number;

  constructor(kept: Kept | null, now: () => number) {
    this.kept = kept;
    this.#entries = new Map(kept?.entries);
    for (const [name, value] of this.#entries) this.#before.set(name, JSON.stringify(value));
    this.#id = kept?.id;
    this.#now = now;
    this.#created = kept?.created ?? now();
  }

  /** Its identity, the same as long as the session lasts and `regenerate` is not called. A secret. */
  get id(): string {
    this.#id ??= newId();
    return this.#id;
  }

  /** When it began, in milliseconds since 1970. */
  get created(): number {
    return this.#created;
  }

  /** Whether the client had none. */
  get isNew(): boolean {
    return this.kept === null;
  }

  /** The value of a name; undefined where there is none. What is changed in an object or array is kept too. */
  get<T = unknown>(name: string): T | undefined {
    return this.#entries.get(VALUE + name) as T | undefined;
  }

  /** Has a value of JSON kept by its name, as a copy. Throws a TypeError for what JSON cannot say. */
  set(name: string, value: unknown): this {
    this.#entries.set(VALUE + name, JSON.parse(textOf(name, value)));
    return this;
  }

  /** Forgets a value; whether there was one. */
  delete(name: string): boolean {
    return this.#entries.delete(VALUE + name);
  }

  /** Takes what was left under a name for whoever asks next; undefined where there is nothing. */
  flash<T = unknown>(name: string): T | undefined;
  /** Leaves a value of JSON for whoever asks next: a message for the page that a redirect leads to. */
  flash(name: string, value: unknown): void;
  flash<T>(name: string, ...values: [value?: unknown]): T | undefined {
    const key = FLASH + name;
    if (values.length > 0) {
      this.#entries.set(key, JSON.parse(textOf(name, values[0])));
      return undefined;
    }
    const value = this.#entries.get(key) as T | undefined;
    this.#entries.delete(key);
    return value;
  }

  /**
   * Goes on with the same values under another identity, from now on: what knew the old one has nothing. To be called
   * whenever a user logs in, or may do more than before, so that nobody could have prepared the session.
   */
  regenerate(): void {
    this.#id = newId();
    this.#created = this.#now();
  }

  /** Forgets all, here and at the client. What is set after that begins another session. */
  destroy(): void {
    this.#entries.clear();
    this.regenerate();
  }

  /** Names that have changed with their values now, undefined for those that are gone. Read by whoever keeps it. */
  changes(): Map<string, unknown> {
    const changes = new Map<string, unknown>();
    for (const [name, value] of this.#entries) {
      if (this.#before.get(name) !== textOf(name.slice(1), value)) changes.set(name, value);
    }
    for (const name of this.#before.keys()) if (!this.#entries.has(name)) changes.set(name, undefined);
    return changes;
  }

  /** All there is now. Read by whoever keeps it. */
  entries(): Kept["entries"] {
    return [...this.#entries];
  }
}
