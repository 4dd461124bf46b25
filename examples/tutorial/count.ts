/** What is done in a thread: to count the words of a text. */
import { readFile } from "node:fs/promises";

export interface Count {
  readonly words: number;
  /** The words that are there the most often, and how often. */
  readonly top: readonly (readonly [word: string, times: number])[];
}

export async function count(file: string): Promise<Count> {
  const words = (await readFile(file, "utf8")).toLowerCase().match(/\p{L}+/gu) ?? [];
  const times = new Map<string, number>();
  for (const word of words) times.set(word, (times.get(word) ?? 0) + 1);
  const top = [...times].sort(([, a], [, b]) => b - a).slice(0, 3);
  return { words: words.length, top };
}
