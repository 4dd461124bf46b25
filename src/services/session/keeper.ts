import { type HttpRequest, type Logger, ServiceUnavailableError } from "../../http/index.ts";
import type { CheckedOptions } from "./options.ts";
import { type Kept, Session } from "./session.ts";
import { openVault, type Vault } from "./vault.ts";

/** Part of `idle` after which a session that is only used is kept anew: not with every request, and soon enough. */
const REFRESH = 0.1;

/** Brings sessions to requests, and keeps what became of them. */
export class Keeper {
  readonly #vault: Vault;
  readonly #options: CheckedOptions;
  /** Milliseconds. */
  readonly #idle: number;
  readonly #absolute: number;
  /** Whether the store was down when it was last asked. */
  #down = false;

  constructor(options: CheckedOptions) {
    this.#vault = openVault(options);
    this.#options = options;
    this.#idle = options.idle * 1000;
    this.#absolute = options.absolute * 1000;
  }

  /** Whether a request may have a session. */
  isExpected(request: HttpRequest): boolean {
    return request.cookies[this.#options.name] !== undefined;
  }

  /** A session for a client that has none. */
  begin(): Session {
    return new Session(null, this.#options.now);
  }

  /**
   * The session of a request, a new one where it has none; null where the store is down. Rejects with an HttpError 503
   * where that is to refuse.
   */
  async find(request: HttpRequest): Promise<Session | null> {
    const kept = await this.#attempt(request.log, () => this.#vault.read(request));
    if (kept === undefined) return null;
    return new Session(kept !== null && this.#left(kept) > 0 ? kept : null, this.#options.now);
  }

  /** Whether there is something to keep. */
  isDue(session: Session): boolean {
    const { kept } = session;
    if (kept !== null && session.id !== kept.id) return true;
    return session.changes().size > 0 || (kept !== null && this.#isFading(kept));
  }

  #isFading({ seen }: Kept): boolean {
    const { rolling, now } = this.#options;
    return rolling && now() - seen >= this.#idle * REFRESH;
  }

  /**
   * Keeps a session that is due; resolves with the Set-Cookie line for its client, null where none is needed. Rejects
   * where it is too large for its cookie, and as `find`.
   */
  async keep(session: Session, log: Logger): Promise<string | null> {
    return (await this.#attempt(log, () => this.#keep(session))) ?? null;
  }

  async #keep(session: Session): Promise<string | null> {
    const { kept, id, created } = session;
    const entries = await this.#merge(session);
    if (entries === null) return null;
    const fresh: Kept = { id, created, seen: this.#options.now(), entries };
    const left = this.#left(fresh);
    // What is empty or over is nothing to keep.
    const lives = entries.length > 0 && left > 0;
    const line = lives ? await this.#vault.write(fresh, left) : this.#vault.clear();
    if (kept !== null && !(lives && kept.id === id)) await this.#vault.remove(kept.id);
    return line;
  }

  /**
   * What a session has with what other requests have changed meanwhile; null where one of them has destroyed it, or given
   * it another identity: it does not come back.
   */
  async #merge(session: Session): Promise<Kept["entries"] | null> {
    const { kept } = session;
    if (kept === null || kept.id !== session.id) return session.entries();
    const latest = await this.#vault.again(kept);
    if (latest === null) return null;
    const entries = new Map(latest.entries);
    for (const [name, value] of session.changes()) {
      if (value === undefined) entries.delete(name);
      else entries.set(name, value);
    }
    return [...entries];
  }

  /** Milliseconds that a session has left. */
  #left({ created, seen }: Kept): number {
    return Math.min(seen + this.#idle, created + this.#absolute) - this.#options.now();
  }

  /** What the vault gives; undefined where its store is down, which is written down when it begins and when it ends. */
  async #attempt<T>(log: Logger, operation: () => Promise<T>): Promise<T | undefined> {
    const { store, whenDown } = this.#options;
    if (store === undefined) return operation();
    try {
      const found = await operation();
      if (this.#down) log.info("the store of sessions works again");
      this.#down = false;
      return found;
    } catch (cause) {
      if (!this.#down) log.error("the store of sessions is down:", cause);
      this.#down = true;
      if (whenDown === "refuse") throw new ServiceUnavailableError(undefined, { cause });
      return undefined;
    }
  }
}
