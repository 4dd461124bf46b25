/**
 * Compiles templates of nunjucks so that lines are known where something fails in them. By itself it notes the line of
 * the last call only, in a variable of one template, and what comes after an include runs within another: what it tells
 * is then of the wrong place.
 */
import { runInThisContext } from "node:vm";
import { messageOf, TemplateError } from "./error.ts";

interface Node {
  readonly lineno?: number;
}

interface Compiler {
  compile(node: Node, frame?: unknown): void;
  getCode(): string;
  /** Adds to the code. */
  _emit(code: string): void;
}

/** What is used of nunjucks here, of which its types say nothing. */
export interface Internals {
  readonly compiler: { readonly Compiler: new (name: string) => Compiler };
  readonly parser: { parse(source: string, extensions: [], options: object): Node };
  readonly transform: (node: Node, asyncFilters: []) => Node;
}

/** A template as code: gives its functions to whoever runs it. */
export interface Code {
  readonly type: "code";
  readonly obj: unknown;
}

/** An error of nunjucks: of a template that makes no sense, or around one that was thrown in it. */
interface NunjucksError extends Error {
  /** Counted from 1 in one that makes no sense. */
  readonly lineno?: number;
  /** Only such errors have it. */
  readonly Update: unknown;
}

function isOfNunjucks(error: unknown): error is NunjucksError {
  return error instanceof Error && "Update" in error;
}

/** The files that code is said to be of, with line and column: found in stacks. */
const PLACE = /pyrois-template-(\d+):(\d+):(\d+)/;
const FILE = "pyrois-template-";
const MARK = /\/\*line (\d+)\*\//g;

export class TemplateCompiler {
  readonly #internals: Internals;
  readonly #Compiler: Internals["compiler"]["Compiler"];
  readonly #compiled = new Map<string, { readonly name: string; readonly code: string }>();
  #count = 0;

  constructor(internals: Internals) {
    this.#internals = internals;
    this.#Compiler = class extends internals.compiler.Compiler {
      override compile(node: Node, frame?: unknown): void {
        // A comment may stand wherever a part of a template begins.
        if (node.lineno !== undefined) this._emit(`/*line ${node.lineno + 1}*/`);
        super.compile(node, frame);
      }
    };
  }

  /** The code of a template. Throws a TemplateError where it makes no sense. */
  compile(name: string, source: string): Code {
    const { parser, transform } = this.#internals;
    try {
      const compiler = new this.#Compiler(name);
      compiler.compile(transform(parser.parse(source, [], {}), []));
      const code = `(() => {${compiler.getCode()}})()`;
      const id = String(++this.#count);
      this.#compiled.set(id, { name, code });
      return { type: "code", obj: runInThisContext(code, { filename: FILE + id }) };
    } catch (cause) {
      const { message, lineno } = cause as NunjucksError;
      const [, line = lineno, says = message] = /^\(.*\)(?: \[Line (\d+).*\])?\s+([\s\S]*)$/.exec(message) ?? [];
      throw new TemplateError(name, line === undefined ? null : Number(line), says, { cause });
    }
  }

  forget(): void {
    this.#compiled.clear();
  }

  /** The error that something is which was thrown while a template was at work. */
  toTemplateError(thrown: unknown, template: string): TemplateError {
    let cause = thrown;
    while (isOfNunjucks(cause) && cause.cause !== undefined) ({ cause } = cause);
    const place = this.#placeOf(cause);
    if (cause instanceof TemplateError && (cause.line !== null || place === null)) return cause;
    const { name, line } = place ?? { name: template, line: null };
    // What was no error has no stack: all that is left of it is what nunjucks says.
    const message = isOfNunjucks(cause) ? cause.message.replace(/^(?:\s*\(.*\).*\n)+\s*/, "") : messageOf(cause);
    return new TemplateError(name, line, message, { cause });
  }

  /** The innermost place in a template that an error has come through. */
  #placeOf(error: unknown): { name: string; line: number | null } | null {
    const [, id, row, column] = PLACE.exec((error as Error).stack ?? "") ?? [];
    const compiled = this.#compiled.get(id);
    if (compiled === undefined) return null;
    const { name, code } = compiled;
    const lines = code.split("\n").slice(0, Number(row));
    const before = [...lines.slice(0, -1), lines[lines.length - 1].slice(0, Number(column))].join("\n");
    const mark = [...before.matchAll(MARK)].at(-1);
    return { name, line: mark ? Number(mark[1]) : null };
  }
}
