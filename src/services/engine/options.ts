/** What engines are made with. */

/** Makes a value of a value, in a template: `{{ price | money("EUR") }}` gives it the price, then "EUR". */
export type Filter = (...values: never[]) => unknown;

/** What all engines are made with. */
export interface TemplateOptions {
  /** The folder of the templates, relative to the working directory; "templates" by default. */
  readonly directory?: string | URL;
  /** Added to names of templates that have no extension. */
  readonly extension?: string;
  /** Keeps templates that were read. True by default; false reads and compiles them for each text. */
  readonly cache?: boolean;
  /**
   * Looks with each text whether a template was changed since it was read, and reads all anew where one was: for
   * development. False by default.
   */
  readonly reload?: boolean;
  /** Values that every template has, beside those that it is given. */
  readonly globals?: Readonly<Record<string, unknown>>;
}

/** What an engine may be told that takes filters as functions. */
export interface EngineOptions extends TemplateOptions {
  /** Filters of one's own, by name; they outrank those that there are. */
  readonly filters?: Readonly<Record<string, Filter>>;
}

/** What an engine has by itself. */
const DEFAULTS = { directory: "templates", extension: "", cache: true, reload: false, globals: {}, filters: {} };

/** The options with their defaults. Throws a TypeError that names one that makes no sense. */
export function checkOptions(options: EngineOptions, defaults: EngineOptions = {}): Required<EngineOptions> {
  const all = { ...DEFAULTS, ...defaults, ...options };
  for (const name of ["cache", "reload"] as const) {
    if (typeof all[name] !== "boolean") throw new TypeError(`${name} must be true or false, not ${all[name]}`);
  }
  if (typeof all.extension !== "string" || !/^(?:\.[^./\\]+)*$/.test(all.extension)) {
    throw new TypeError(`extension must be a text like ".html", not ${JSON.stringify(all.extension)}`);
  }
  for (const name of ["globals", "filters"] as const) {
    if (typeof all[name] !== "object" || all[name] === null) throw new TypeError(`${name} must be an object`);
  }
  for (const [name, filter] of Object.entries(all.filters)) {
    if (typeof filter !== "function") throw new TypeError(`filters.${name} must be a function, not ${filter}`);
  }
  return all;
}
