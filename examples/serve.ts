/** What every example needs around its application: an address from the environment, and an orderly end. */
import type { App } from "pyrois";

/** Listens on HOST and PORT, prints `lines`, and closes on Ctrl-C or SIGTERM. */
export async function serve(app: App, lines: (url: string) => string[]): Promise<void> {
  const { HOST, PORT } = process.env;
  try {
    const server = await app.listen({ ...(HOST && { host: HOST }), ...(PORT && { port: Number(PORT) }) });
    console.log(lines(server.url).join("\n"));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
    return;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => app.close());
}
