/** What every contender, being a child process, has in common, on whatever host it runs. */
import process from "node:process";

/** Port to listen on: the system chooses one unless told. */
export const PORT = Number(process.env.PORT ?? 0);

/** The only address that contenders listen on. */
export const HOST = "127.0.0.1";

/** Connections that the system may hold for a contender that is busy. */
export const BACKLOG = 1024;

/** Most bytes of content that a request may bring, where a contender has a bound at all. */
export const MAX_CONTENT = 256 * 1024 * 1024;

/**
 * Tells the parent where this contender listens, and from then on, whenever asked, how much CPU time it has used.
 * @param {number} port
 */
export function ready(port) {
  if (process.send === undefined) {
    console.log(`listening on http://${HOST}:${port}/`);
    return;
  }
  process.on("message", (message) => {
    if (message === "cpu") process.send({ cpu: process.cpuUsage() });
  });
  process.on("disconnect", () => process.exit());
  process.send({ port });
}
