/** What a process that has failed says of why, as it is shown in a browser. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../package.ts";
import { plain } from "../terminal.ts";

/** A place in a source file; lines and columns count from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
}

/** Why a module does not run. */
export interface Failure {
  readonly message: string;
  /** Where; null where nothing tells. */
  readonly place: SourcePlace | null;
  /** Lines around that place, with their numbers. */
  readonly source: readonly (readonly [line: number, text: string])[];
  /** All that was said. */
  readonly details: string;
}

/** Lines before and after the wrong one, and characters of each. */
const AROUND = 4;
const LINE_MAX = 500;

/** The path that a URL or a path tells; what is no such URL stays as it is. */
function pathOf(name: string): string {
  try {
    return name.startsWith("file:") ? fileURLToPath(name) : name;
  } catch {
    return name;
  }
}

/** Whether a file is the user's own. */
export function isOwn(file: string): boolean {
  const within = file.split(path.sep);
  return (
    path.isAbsolute(file) && !within.includes("node_modules") && !file.startsWith(path.join(root, "dist", path.sep))
  );
}

/** What a line of a stack names: `at f (file:///a.js:1:2)`, or `/a.ts:1:2: ERROR: …` of a compiler. */
const FRAME = /(?:^|[\s(])((?:file:\/\/|\/|[A-Za-z]:[\\/])[^\s():]*(?:\([^\s()]*\)[^\s():]*)?):(\d+):(\d+)/;
/** What Node writes above a wrong line: `file:///a.js:1`. */
const ABOVE = /^((?:file:\/\/|\/|[A-Za-z]:[\\/]).*):(\d+)$/;

/** The place in the user's own files that a text tells of. */
function placeIn(lines: readonly string[]): SourcePlace | null {
  for (const line of lines) {
    const [, name, row, column] = FRAME.exec(line) ?? [];
    if (name !== undefined && isOwn(pathOf(name)))
      return { file: pathOf(name), line: Number(row), column: Number(column) };
  }
  for (const [at, line] of lines.entries()) {
    const [, name, row] = ABOVE.exec(line) ?? [];
    if (name === undefined || !isOwn(pathOf(name))) continue;
    const caret = lines[at + 2]?.indexOf("^") ?? -1;
    return { file: pathOf(name), line: Number(row), column: caret < 0 ? null : caret + 1 };
  }
  return null;
}

/** What is shown: a message may name any file. */
const SOURCE = /\.[cm]?[jt]sx?$/;

function sourceAt({ file, line }: SourcePlace): [number, string][] {
  if (!SOURCE.test(file)) return [];
  try {
    const lines = readFileSync(file, "utf8").split(/\r?\n/);
    const first = Math.max(1, line - AROUND);
    return lines.slice(first - 1, line + AROUND).map((text, index) => [first + index, text.slice(0, LINE_MAX)]);
  } catch {
    // It may be gone.
    return [];
  }
}

/** What is read of all that a process wrote to standard error before it ended. */
export function failureOf(said: string, ended: string): Failure {
  const details = plain(said).trim();
  const lines = details.split("\n");
  // The last error is the one that has ended it.
  const at = lines.findLastIndex((line) => /^(?:Uncaught )?[A-Z]\w*(?: \[\w+\])?: /.test(line));
  const above = lines.findLastIndex((line, index) => (at < 0 || index < at) && ABOVE.test(line));
  const compiled = lines.find((line) => /: ERROR: /.test(line));
  const message = compiled?.replace(/^.*?: ERROR: /, "SyntaxError: ") ?? lines[at] ?? ended;
  const place = placeIn(above < 0 ? lines.slice(Math.max(0, at)) : lines.slice(above));
  return { message, place, source: place === null ? [] : sourceAt(place), details };
}
