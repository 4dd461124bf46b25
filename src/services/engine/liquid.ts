/** Templates of liquidjs, which is loaded with the first, and is for the application to install. */
import path from "node:path";
import type { Liquid, LiquidError, Template } from "liquidjs";
import type { Engine } from "../../http/index.ts";
import { loadPeer } from "../peer.ts";
import { messageOf, TemplateError } from "./error.ts";
import { TemplateFolder } from "./folder.ts";
import { checkOptions, type EngineOptions } from "./options.ts";
import { type Library, Renderer } from "./renderer.ts";

/** Makes text of templates, with liquidjs: https://liquidjs.com. What they output is escaped. */
export class LiquidEngine implements Engine {
  readonly #renderer: Renderer;

  /**
   * `extension` is ".liquid" by default. Throws an Error that names the directory where there is none, and a TypeError
   * that names an option that is wrong.
   */
  constructor(options: EngineOptions = {}) {
    const checked = checkOptions(options, { extension: ".liquid" });
    const folder = new TemplateFolder(checked.directory, checked.extension);
    this.#renderer = new Renderer(folder, checked, () => load(folder, checked));
  }

  /**
   * The text of a template with these values. Rejects with a TemplateError that names template and line, and with an
   * Error where liquidjs is not installed.
   */
  render(name: string, values: object = {}): string | Promise<string> {
    return this.#renderer.render(name, values);
  }
}

/** Templates and blocks within one another: one that includes itself would else fill the memory of the process. */
const MAX_DEPTH = 500;

/** Has a renderer refuse what is nested too deep. */
function boundDepth(renderer: Liquid["renderer"]): void {
  const { renderTemplates } = renderer;
  /** How deep each text is, by what its contexts share. */
  const depths = new WeakMap<object, number>();
  renderer.renderTemplates = function* (templates, context, emitter) {
    const depth = depths.get(context.renderLimit) ?? 0;
    if (depth === MAX_DEPTH) throw new RangeError(`templates are within one another more than ${MAX_DEPTH} deep`);
    depths.set(context.renderLimit, depth + 1);
    try {
      return yield* renderTemplates.call(renderer, templates, context, emitter);
    } finally {
      depths.set(context.renderLimit, depth);
    }
  };
}

/** Names of templates by what they are: not every error of liquidjs knows the name. */
type Names = Map<string, string>;

/** The files that liquidjs sees: it knows folders, and asks for names as they stand in templates. */
function filesOf(folder: TemplateFolder, names: Names) {
  const exists = (name: string) => folder.has(name);
  const read = (name: string) => {
    const text = folder.read(name);
    names.set(text, name);
    return text;
  };
  return {
    sep: "/",
    dirname: path.posix.dirname,
    resolve: (directory: string, name: string) => folder.resolve(name, `${directory}/template`),
    existsSync: exists,
    exists: async (name: string) => exists(name),
    readFileSync: read,
    readFile: async (name: string) => read(name),
    // What leaves the folder is refused by the others.
    containsSync: () => true,
    contains: async () => true,
  };
}

async function load(folder: TemplateFolder, { globals, filters }: Required<EngineOptions>): Promise<Library> {
  const liquidjs = await loadPeer("liquidjs", "LiquidEngine", () => import("liquidjs"));
  const templates = new Map<string, Template[] | Promise<Template[]>>();
  const names: Names = new Map();
  const liquid = new liquidjs.Liquid({
    fs: filesOf(folder, names),
    root: ".",
    outputEscape: "escape",
    strictFilters: true,
    globals,
    cache: {
      read: (key) => templates.get(key),
      write: (key, template) => void templates.set(key, template),
      remove: (key) => void templates.delete(key),
    },
  });
  boundDepth(liquid.renderer);
  for (const [name, filter] of Object.entries(filters)) liquid.registerFilter(name, filter as () => unknown);
  return {
    forget() {
      templates.clear();
      names.clear();
    },
    render: (name, values) => liquid.renderFile(name, values).catch((error: unknown) => throwError(error, name, names)),
  };
}

function throwError(error: unknown, template: string, names: Names): never {
  const { token, originalError: cause = error } = error as Partial<LiquidError>;
  const line = token?.getPosition()[0] ?? null;
  if (cause instanceof TemplateError && (cause.line !== null || line === null)) throw cause;
  // Where it says itself what its place is, that is at the end.
  const message = messageOf(cause).replace(/, file:.*$/s, "");
  throw new TemplateError(token?.file ?? names.get(token?.input ?? "") ?? template, line, message, { cause });
}
