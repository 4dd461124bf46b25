/** What the soak prints: one line after the other. */

const COLOURS = { green: 32, red: 31, dim: 2 } as const;

export function coloured(text: string, colour: keyof typeof COLOURS): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
}

export function say(text: string): void {
  console.log(text);
}

/** Counts of kinds, one a line. */
export function table(counts: ReadonlyMap<string, number>): string[] {
  const width = Math.max(...[...counts.keys()].map((kind) => kind.length));
  return [...counts].sort().map(([kind, count]) => `  ${kind.padEnd(width)}  ${String(count).padStart(9)}`);
}
