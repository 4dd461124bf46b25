/** Waiting until what goes on has come to a halt, where nothing tells of that. */
import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds after which a number that has not changed changes no more. */
const LONG_ENOUGH = 200;

/** Resolves when a number has stopped changing. */
export async function settled(read: () => number): Promise<void> {
  for (let last: number | null = null; last !== read(); await wait(LONG_ENOUGH)) last = read();
}
