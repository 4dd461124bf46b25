/** What is written for people: in colour where a terminal reads it, in columns. */
import * as util from "node:util";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta" | "blue" | "underline";
type Stream = Pick<NodeJS.WriteStream, "isTTY">;

/** Whether a stream gets colours: as FORCE_COLOR says, else not where NO_COLOR is set, else where it is a terminal. */
export function hasColors(stream: Stream): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = process.env;
  if (force !== undefined) return force !== "0" && force !== "false";
  return (no === undefined || no === "") && terminal !== "dumb" && stream.isTTY === true;
}

export type Paint = (style: Style, text: string) => string;

/** What gives texts for a stream their colours. */
export function painter(stream: Stream): Paint {
  // Some runtimes have none.
  const { styleText } = util as { styleText?: (style: Style, text: string, options?: object) => string };
  if (!hasColors(stream) || styleText === undefined) return (_style, text) => text;
  // Newer ones would look at the stream that they write to themselves.
  return (style, text) => styleText(style, text, { validateStream: false });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are told by control characters
const COLORS = /\x1b\[[0-9;]*m/g;

/** A text without colours. */
export function plain(text: string): string {
  return text.replace(COLORS, "");
}

/** Rows in columns, as wide as what is in them; the last column is as long as it is. Those of `right` are set to the right. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, plain(cell).length);
  }
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const space = " ".repeat(widths[at] - plain(cell).length);
        if (right.includes(at)) return space + cell;
        return at === row.length - 1 ? cell : cell + space;
      })
      .join("  ")
      .trimEnd(),
  );
}

/** A text in lines of `width` at the most, broken between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Writes lines to standard output; whoever reads it may have gone. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

/** Ends the process once all is written: a module that was only looked at may have opened what goes on. */
export function exitWhenWritten(code: number): Promise<never> {
  return new Promise(() => process.stdout.write("", () => process.exit(code)));
}
