import type { Lifetime } from "../http/index.ts";

/** Tells by a signal, to those who ask for one, when the servers of an application stop. */
export class ApplicationLifetime implements Lifetime {
  #stopped = false;
  #controller: AbortController | null = null;

  get stopping(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#stopped) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  start(): void {
    if (this.#stopped) this.#controller = null;
    this.#stopped = false;
  }

  stop(): void {
    this.#stopped = true;
    this.#controller?.abort();
  }
}
