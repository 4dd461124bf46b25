import { described, type Middleware } from "../app/index.ts";
import type { HeadersInit } from "../http/index.ts";
import { addMissing, fieldLines, toldOfResponses } from "./fields.ts";

/** Fields that say how a response is framed, or what becomes of its connection. */
const FRAMING = /^(?:transfer-encoding|content-length|connection|keep-alive)$/i;

/**
 * Sets fields on every response of what it stands around, errors too; what a handler has set itself stays. Throws a
 * TypeError where one could not be sent, or is each response's own to have.
 */
export function globalHeaders(fields: HeadersInit): Middleware {
  const lines = fieldLines(fields);
  for (const { name } of lines) if (FRAMING.test(name)) throw new TypeError(`${name} is no field of all responses`);
  const middleware = toldOfResponses(({ headers }) => addMissing(headers, lines));
  return described(middleware, "globalHeaders", { names: lines.map(({ name }) => name) });
}
