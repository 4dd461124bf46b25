/** Rows that outlast the process, in a file of JSON lines. It stands where an application would have a database. */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

export class Table<Row extends { readonly id: string }> {
  readonly #rows = new Map<string, Row>();
  readonly #file: string;

  /** Reads what is there. A last line that a crash has cut off is left out. */
  constructor(file: string) {
    this.#file = file;
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
    for (const row of lines.map((line) => JSON.parse(line) as Row)) this.#rows.set(row.id, row);
    writeFileSync(`${file}.new`, this.all().map(lineOf).join(""));
    renameSync(`${file}.new`, file);
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  all(): Row[] {
    return [...this.#rows.values()];
  }

  /** Keeps a row, in place of one with the same id. */
  put(row: Row): void {
    appendFileSync(this.#file, lineOf(row));
    this.#rows.set(row.id, row);
  }
}

const lineOf = (row: unknown) => `${JSON.stringify(row)}\n`;
