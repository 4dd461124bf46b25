/** What all engines do, around the libraries that make the text. */
import type { TemplateFolder } from "./folder.ts";
import type { TemplateOptions } from "./options.ts";

/** A library, once it is loaded. */
export interface Library {
  /** The text of a template by its resolved name; throws or rejects with a TemplateError. */
  render(name: string, values: object): string | Promise<string>;
  /** Has all templates read anew. */
  forget(): void;
}

export class Renderer {
  readonly #folder: TemplateFolder;
  readonly #options: Required<Pick<TemplateOptions, "cache" | "reload">>;
  readonly #load: () => Promise<Library>;
  #loading: Promise<Library> | null = null;
  #library: Library | null = null;

  constructor(
    folder: TemplateFolder,
    options: Required<Pick<TemplateOptions, "cache" | "reload">>,
    load: () => Promise<Library>,
  ) {
    this.#folder = folder;
    this.#options = options;
    this.#load = load;
  }

  render(name: string, values: object): string | Promise<string> {
    if (this.#library !== null) return this.#renderBy(this.#library, name, values);
    this.#loading ??= this.#load();
    return this.#loading.then((library) => {
      this.#library = library;
      return this.#renderBy(library, name, values);
    });
  }

  #renderBy(library: Library, name: string, values: object): string | Promise<string> {
    const { cache, reload } = this.#options;
    if (!cache || (reload && this.#folder.hasChanged())) library.forget();
    return library.render(this.#folder.resolve(name), values);
  }
}
