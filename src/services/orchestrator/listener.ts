import type { Logger } from "../../http/index.ts";
import type { SubmitOptions } from "./options.ts";

/** A listener whose errors go to a logger; thrown between events they would end the process. */
export function guarded(onProgress: SubmitOptions["onProgress"], logger: () => Logger): SubmitOptions["onProgress"] {
  if (onProgress === undefined) return undefined;
  return (value) => {
    try {
      onProgress(value);
    } catch (error) {
      logger().error(error);
    }
  };
}
