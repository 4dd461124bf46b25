import { isToken } from "../../http/index.ts";
import type { HeaderFields } from "../../parser/index.ts";
import { hostClasses } from "./host.ts";

/**
 * The fields of a request as `Headers`: single ones are looked up where they lie; for all else, and for every change,
 * there is a real object from then on.
 */
export class LightHeaders {
  readonly #fields: HeaderFields;
  #real: Headers | null = null;

  constructor(fields: HeaderFields) {
    this.#fields = fields;
  }

  get(name: string): string | null {
    if (this.#real !== null) return this.#real.get(name);
    const value = this.#fields.get(`${name}`);
    // What is no name is refused by the real one.
    return value === null && !isToken(`${name}`) ? LightHeaders.real(this).get(name) : value;
  }

  has(name: string): boolean {
    if (this.#real !== null) return this.#real.has(name);
    return this.#fields.has(`${name}`) || (!isToken(`${name}`) && LightHeaders.real(this).has(name));
  }

  /** Not the method that is inherited: by that the host would take this for an object of its own. */
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return LightHeaders.real(this)[Symbol.iterator]();
  }

  forEach(tell: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    LightHeaders.real(this).forEach((value, name) => {
      tell.call(self, value, name, this as unknown as Headers);
    });
  }

  /** The real object of one that may be light. */
  static real(light: LightHeaders): Headers {
    light.#real ??= toHeaders(light.#fields);
    return light.#real;
  }

  /** Has another real object answer from now on, which says the same. */
  static adopt(light: LightHeaders, real: Headers): void {
    light.#real = real;
  }
}

/** Headers of fields, with what `get` says of those that are repeated. */
function toHeaders(fields: HeaderFields): Headers {
  const { Headers } = hostClasses();
  const headers = new Headers();
  for (const [name] of fields) if (!headers.has(name)) headers.append(name, fields.get(name) ?? "");
  return headers;
}
