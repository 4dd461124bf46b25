/** What runs in a thread that serves: loads the module with the application, and listens. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Servable } from "../app/index.ts";
import { checkPart } from "../http/index.ts";
import { Server } from "./server.ts";
import { BEAT, type FromThread, type Setup, type ToThread } from "./thread-messages.ts";

/** What a module serves: its default export, or what that gives when it is called with `workerData`. */
async function servedBy(module: string): Promise<Servable> {
  const { default: given } = (await import(module)) as { readonly default?: unknown };
  const served = typeof given === "function" ? await given(workerData) : given;
  if (served === undefined || served === null) {
    throw new TypeError(`${module} must export an App as its default, or a function that gives one`);
  }
  checkPart(`The default export of ${module}`, served, [
    "handle",
    "recover",
    "report",
    "onReport",
    "maxBodySize",
    "tell",
  ]);
  return served as Servable;
}

async function serve({ module, options, port }: Setup): Promise<void> {
  const server = await new Server(await servedBy(module), options).start();
  const tell = (message: FromThread) => port.postMessage(message);
  const beating = setInterval(() => tell({ type: "beat", counters: server.counters }), BEAT).unref();
  let failure: unknown = null;
  port.on("message", ({ deadline, drainDelay }: ToThread) => {
    server.stop({ deadline, drainDelay }).catch((error) => {
      failure = error;
    });
  });
  server.stopped.then(async () => {
    clearInterval(beating);
    // What `stop` rejects with is known one turn later.
    await new Promise(setImmediate);
    tell({ type: "stopped", counters: server.counters, error: failure });
    port.close();
  });
  tell({ type: "listening", address: options.path === undefined ? server.address : null });
}

function tellFailure(port: MessagePort, error: unknown): void {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  // Beside what copying keeps of an error.
  port.postMessage({ type: "failed", error, code });
  port.close();
}

parentPort?.once("message", (setup: Setup) => {
  serve(setup).catch((error) => tellFailure(setup.port, error));
});
