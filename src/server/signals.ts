/** Signals that ask a process to end in an orderly way. */
import type { Logger } from "../http/index.ts";
import type { StopOptions } from "./options.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** What can be asked to stop. */
interface Stoppable {
  readonly stopped: Promise<void>;
  stop(options: StopOptions): Promise<void>;
}

/**
 * Has the first of them stop a server; a second one ends the process as if nobody listened to it. They are let go of when
 * the server has stopped, whoever asked it to, or by what this gives. What goes wrong with that goes to the log.
 */
export function stopOnSignal(server: Stoppable, options: StopOptions, logger: Logger): () => void {
  const letGo = () => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
  const stop = () => {
    letGo();
    server.stop(options).catch((error) => logger.error(error));
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  server.stopped.then(letGo);
  return letGo;
}
