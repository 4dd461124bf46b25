/** Templates of eta, which is loaded with the first, and is for the application to install. */
import type { Engine } from "../../http/index.ts";
import { loadPeer } from "../peer.ts";
import { messageOf, TemplateError } from "./error.ts";
import { TemplateFolder } from "./folder.ts";
import { checkOptions, type TemplateOptions } from "./options.ts";
import { type Library, Renderer } from "./renderer.ts";

/** Makes text of templates, with eta: https://eta.js.org. What they output is escaped; they are JavaScript, and need no filters. */
export class EtaEngine implements Engine {
  readonly #renderer: Renderer;

  /**
   * `extension` is ".eta" by default. Throws an Error that names the directory where there is none, and a TypeError that
   * names an option that is wrong.
   */
  constructor(options: TemplateOptions = {}) {
    const checked = checkOptions(options, { extension: ".eta" });
    const folder = new TemplateFolder(checked.directory, checked.extension);
    this.#renderer = new Renderer(folder, checked, () => load(folder, checked.globals));
  }

  /**
   * The text of a template with these values; of the first a promise, while the library is loaded. Throws or rejects with
   * a TemplateError that names template and line, and rejects with an Error where eta is not installed.
   */
  render(name: string, values: object = {}): string | Promise<string> {
    return this.#renderer.render(name, values);
  }
}

/** Where in a template something was thrown, as eta says it at the beginning of a message. */
const PLACE = /^(.*):(\d+)\n/;
/** What is wrong with a template that makes no sense, and where. */
const SENSELESS = /^(.*?)(?: at line (\d+) col \d+:)?\n/;

async function load(folder: TemplateFolder, globals: object): Promise<Library> {
  const { Eta, EtaParseError, EtaRuntimeError } = await loadPeer("eta", "EtaEngine", () => import("eta"));
  // Only where it is to find mistakes it knows lines.
  const eta = new Eta({ cache: true, cacheFilepaths: false, debug: true });
  /** The template that was read last: the one that makes no sense, if one does. */
  let read = "";
  eta.resolvePath = (name, options) => {
    const from = options?.filepath;
    if (name.startsWith("/")) return folder.resolve(name.slice(1));
    return from === undefined ? folder.resolve(name) : folder.resolve(`./${name}`, from);
  };
  eta.readFile = (name) => {
    read = name;
    return folder.read(name);
  };

  /** The error that something is which was thrown in a template: the innermost place is where it has happened. */
  function toTemplateError(thrown: unknown, template: string): TemplateError {
    let [cause, name, line] = [thrown, template, null as number | null];
    while (cause instanceof EtaRuntimeError) {
      const [, file, row] = PLACE.exec(cause.message) ?? [];
      [name, line] = [file, Number(row)];
      ({ cause } = cause);
    }
    if (cause instanceof EtaParseError) {
      const [, message, row] = SENSELESS.exec(cause.message) ?? [];
      return new TemplateError(read, row === undefined ? null : Number(row), message, { cause });
    }
    if (cause instanceof TemplateError && line === null) return cause;
    return new TemplateError(name, line, messageOf(cause), { cause });
  }

  return {
    forget: () => eta.templatesSync.reset(),
    render(name, values) {
      try {
        return eta.render(`/${name}`, { ...globals, ...values });
      } catch (error) {
        throw toTemplateError(error, name);
      }
    },
  };
}
