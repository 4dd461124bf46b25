/** What every contender, being a child process, has in common. */

/** The content that each contender answers GET /json with. */
export const MESSAGE = { message: "Hello, World!" };

/** Port to listen on: the system chooses one unless told. */
export const PORT = Number(process.env.PORT ?? 0);

/** The only address that contenders listen on. */
export const HOST = "127.0.0.1";

/**
 * Tells the parent where this contender listens, and from then on, whenever asked, how much CPU time it has used.
 * @param {number} port
 */
export function ready(port) {
  if (process.send === undefined) {
    console.log(`listening on http://${HOST}:${port}/json`);
    return;
  }
  process.on("message", () => process.send({ cpu: process.cpuUsage() }));
  process.on("disconnect", () => process.exit());
  process.send({ port });
}
