/** Templates of nunjucks, which is loaded with the first. */
import type { Engine as Rendering } from "../../http/index.ts";
import { type Code, type Internals, TemplateCompiler } from "./compile.ts";
import { TemplateFolder } from "./folder.ts";
import { checkOptions, type EngineOptions } from "./options.ts";
import { type Library, Renderer } from "./renderer.ts";

/** What reads templates for nunjucks. */
interface Loader {
  cache: Record<string, unknown>;
  isRelative(name: string): boolean;
  resolve(from: string, name: string): string;
  getSource(name: string): { readonly src: Code; readonly path: string; readonly noCache: boolean } | null;
}

/** Makes text of templates, with nunjucks: https://mozilla.github.io/nunjucks. What they output is escaped. */
export class Engine implements Rendering {
  readonly #renderer: Renderer;

  /** Throws an Error that names the directory where there is none, and a TypeError that names an option that is wrong. */
  constructor(options: EngineOptions = {}) {
    const checked = checkOptions(options);
    const folder = new TemplateFolder(checked.directory, checked.extension);
    this.#renderer = new Renderer(folder, checked, () => load(folder, checked));
  }

  /**
   * The text of a template with these values; of the first a promise, while the library is loaded. Throws or rejects with
   * a TemplateError that names template and line.
   */
  render(name: string, values: object = {}): string | Promise<string> {
    return this.#renderer.render(name, values);
  }
}

async function load(folder: TemplateFolder, { globals, filters }: Required<EngineOptions>): Promise<Library> {
  const [{ default: nunjucks }, { default: transformer }] = await Promise.all([
    import("nunjucks"),
    // A part of it that has no types.
    import("nunjucks/src/transformer.js" as string),
  ]);
  const compiler = new TemplateCompiler({ ...nunjucks, ...transformer } as unknown as Internals);
  const loader: Loader = {
    cache: {},
    // Each name is asked for by the template that names it; nunjucks keeps them as they are resolved.
    isRelative: () => true,
    resolve: (from, name) => folder.resolve(name, from),
    getSource: (name) =>
      folder.has(name) ? { src: compiler.compile(name, folder.read(name)), path: name, noCache: false } : null,
  };
  type GivenLoader = ConstructorParameters<typeof nunjucks.Environment>[0];
  const environment = new nunjucks.Environment(loader as unknown as GivenLoader, { autoescape: true, dev: true });
  for (const [name, value] of Object.entries(globals)) environment.addGlobal(name, value);
  for (const [name, filter] of Object.entries(filters)) environment.addFilter(name, filter as () => unknown);
  const forget = () => {
    // Without a prototype: it has nothing but templates.
    loader.cache = Object.create(null);
    compiler.forget();
  };
  forget();
  return {
    forget,
    render(name, values) {
      try {
        return environment.render(name, values);
      } catch (error) {
        throw compiler.toTemplateError(error, name);
      }
    },
  };
}
