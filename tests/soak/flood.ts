/** Connections that are opened and dropped, by the thousand. */
import { dial } from "./link.ts";
import type { Random } from "./random.ts";

/** How many are under way at once. */
const AT_ONCE = 100;

/** Opens one connection and drops it in some way; resolves when it is gone. */
function drop(port: number, random: Random): Promise<void> {
  const socket = dial(port);
  const way = random.between(0, 4);
  socket.once("connect", () => {
    if (way === 1) socket.destroy();
    else if (way === 2) socket.write("GET /sync/drop HTTP/1.1\r\nHost: so", () => socket.resetAndDestroy());
    else if (way === 3) socket.write("GET /sync/drop HTTP/1.1\r\nHost: soak\r\n\r\n", () => socket.resetAndDestroy());
    else socket.resetAndDestroy();
  });
  // Before it is known whether anybody listens.
  if (way === 4) setImmediate(() => socket.destroy());
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

export async function flood(port: number, count: number, random: Random, progress: (done: number) => void) {
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      ++begun;
      if (begun % 1000 === 0) progress(begun);
      await drop(port, random);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
