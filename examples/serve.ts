/** What every example needs around its application: an address from the environment, and a word when it is there. */
import type { App } from "pyrois";

/** Serves on HOST and PORT until Ctrl-C or SIGTERM; prints `lines` first. */
export async function serve(app: App, lines: (url: string) => string[]): Promise<void> {
  const { HOST, PORT } = process.env;
  try {
    await app.run({
      ...(HOST && { host: HOST }),
      ...(PORT && { port: Number(PORT) }),
      onListen: (server) => console.log(lines(server.url).join("\n")),
    });
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
