/** What the host has of fetch, and how light objects stand for it. */

/** The classes that the host had before any of ours stood in their places. */
export interface HostClasses {
  readonly Headers: typeof Headers;
  readonly Request: typeof Request;
  readonly Response: typeof Response;
  readonly fetch: typeof fetch;
}

let known: HostClasses | null = null;

/** The classes of the host. Looked up when they are first needed: where they are named, Node loads all of fetch. */
export function hostClasses(): HostClasses {
  if (known === null) {
    const { Headers, Request, Response, fetch } = globalThis;
    known = { Headers, Request, Response, fetch };
  }
  return known;
}

/** What is known of a class whose objects stand for those of another. */
interface Class<T extends object> {
  readonly prototype: T;
}

/**
 * Makes objects of a class count as objects of a class of the host: what their own class does not know, the real object
 * answers that `real` makes of them.
 */
export function standFor<L extends object, N extends object>(
  light: Class<L>,
  native: Class<N>,
  real: (light: L) => N,
): void {
  for (const key of Reflect.ownKeys(native.prototype)) {
    if (Object.hasOwn(light.prototype, key)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(native.prototype, key);
    const answer = descriptor && answerOf(key, descriptor, real);
    if (answer) Object.defineProperty(light.prototype, key, { ...answer, configurable: true });
  }
  Object.setPrototypeOf(light.prototype, native.prototype);
}

/** The property that asks the real object; undefined where what is inherited says the same. */
function answerOf<L extends object, N extends object>(
  key: string | symbol,
  { get, value }: PropertyDescriptor,
  real: (light: L) => N,
): PropertyDescriptor | undefined {
  if (get !== undefined) {
    return {
      get(this: L) {
        return get.call(real(this));
      },
    };
  }
  if (typeof value !== "function" || key === "constructor") return undefined;
  return {
    value(this: L, ...values: unknown[]) {
      return value.apply(real(this), values);
    },
    writable: true,
  };
}
